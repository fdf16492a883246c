# shellcheck shell=bash
# shellcheck disable=SC2154 # what common.sh, host.env and those who source this set
# Draining, and waiting for the calls to end. Sourced, after common.sh and relay.sh.

# Holds the time of the start, in seconds since the epoch.
mark=$state/draining

# The same, while an operator's drain waits for the host to be forgotten by DNS; becomes the mark then.
leaving=$state/leaving

# Where the agent of DNS keeps how far it is, over reboots: joined; left SINCE TTL; kept; failed.
dns_state=$state/dns/state

start_draining() {
	if [[ ! -s $mark ]]; then
		printf '%s\n' "$EPOCHSECONDS" | write_file 644 - "$mark"
		say "draining: new calls get 503"
	fi
	rm -f "$leaving"
	# a Kamailio that is just starting has read the mark
	tell_kamailio 1 || say "Kamailio does not answer: it will drain when it starts"
}

# forgotten_by_dns SINCE: whether no platform remembers the address of this host any more, which leaves DNS since then. Not waited for
# longer than this may be expected to take (Route 53: within a minute).
forgotten_by_dns() {
	local how when ttl
	if [[ -z $DNS_ZONE ]]; then return 0; fi
	read -r how when ttl 2>/dev/null <"$dns_state" || how=""
	case $how in
	left) if ((EPOCHSECONDS - when >= ttl)); then return 0; fi ;;
	kept | failed) return 0 ;;
	esac
	if ((EPOCHSECONDS - $1 < DNS_TTL + 180 && EPOCHSECONDS - $1 < DRAIN_LIMIT)); then return 1; fi
	say "stopped waiting for DNS"
}

# leave_and_drain: an operator's drain. A host that is in DNS leaves that first: until it is forgotten there, it takes calls.
leave_and_drain() {
	if [[ -s $mark ]] || forgotten_by_dns "$EPOCHSECONDS"; then
		start_draining
		return
	fi
	[[ -s $leaving ]] || printf '%s\n' "$EPOCHSECONDS" | write_file 644 - "$leaving"
	say "removing this host from DNS: $DNS_NAME"
}

# One look at a host that leaves DNS; fails while it does. The lifecycle agent looks, and whoever waits: one of them begins the drain, and
# none when it was undone.
drain_when_forgotten() {
	local since
	[[ -e $leaving ]] && since=$(cat "$leaving" 2>/dev/null) || return 0
	forgotten_by_dns "${since:-0}" || return 1
	mv "$leaving" "$mark" 2>/dev/null || return 0
	say "draining: new calls get 503"
	start_draining
}

tell_kamailio() { kamcmd cfg.set_now_int proxy draining "$1" >/dev/null 2>&1; }

# calls_left: prints how many calls run; fails when that is not known. (Dialogs are gone from a Kamailio that was started
# anew, sessions from a relay that was: the larger number counts.)
calls_left() {
	local sessions=0 number dialogs known=no
	if dialogs=$(dialogs); then known=yes; else dialogs=0; fi
	while read -r _ number; do
		[[ $number =~ ^[0-9]+$ ]] || continue
		((sessions += number, 1))
		known=yes
	done < <(relay_control sessions)
	[[ $known == yes ]] || return 1
	sessions=$(((sessions + RELAY_SESSIONS_PER_CALL - 1) / RELAY_SESSIONS_PER_CALL))
	printf '%s' $((dialogs > sessions ? dialogs : sessions))
}

dialogs() {
	local stats
	stats=$(kamcmd dlg.stats_active 2>/dev/null) && [[ $stats =~ all:\ ([0-9]+) ]] && printf '%s' "${BASH_REMATCH[1]}"
}

# wait_for_calls BEGAN PAUSE COMMAND...: until no call is left, with PAUSE seconds between two looks. Sets left to the number
# at the last look, nothing when it was not known, and known_left to the last number that was. Between looks COMMAND decides
# whether to go on. Returns 0 when none are left, 1 when DRAIN_LIMIT seconds after BEGAN (since the epoch) some may be, 2 when
# COMMAND fails.
wait_for_calls() {
	local began=$1 pause=$2
	shift 2
	known_left=""
	until left=$(calls_left) && ((left == 0)); do
		known_left=${left:-$known_left}
		if ((EPOCHSECONDS - began >= DRAIN_LIMIT)); then return 1; fi
		"$@" || return 2
		sleep "$pause"
	done
}
