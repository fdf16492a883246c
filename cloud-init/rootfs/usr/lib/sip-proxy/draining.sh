# shellcheck shell=bash
# shellcheck disable=SC2154 # what common.sh, host.env and those who source this set
# Draining, and waiting for calls to end. Sourced, after common.sh and relay.sh.

# The drain mark: a file with the time of the start, in seconds since the epoch.
mark=$state/draining

# The same while an operator's drain waits until the host's DNS record has expired; then it is renamed to the mark.
leaving=$state/leaving

# The state of the DNS agent, kept over reboots: joining; joined; left SINCE TTL; kept; failed.
dns_state=$state/dns/state

start_draining() {
	if [[ ! -s $mark ]]; then
		printf '%s\n' "$EPOCHSECONDS" | write_file 644 - "$mark"
		say "draining: new calls get 503"
	fi
	rm -f "$leaving"
	# if Kamailio is just starting, it reads the mark
	tell_kamailio 1 || say "Kamailio does not answer: it will drain when it starts"
}

# forgotten_by_dns SINCE: whether this host's DNS record has expired everywhere; SINCE: when it began to leave. Also succeeds if this takes
# much longer than expected (Route 53: a minute).
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

# leave_and_drain: an operator's drain. A host in DNS leaves it first, and accepts calls until its record has expired.
leave_and_drain() {
	if [[ -s $mark ]] || forgotten_by_dns "$EPOCHSECONDS"; then
		start_draining
		return
	fi
	[[ -s $leaving ]] || printf '%s\n' "$EPOCHSECONDS" | write_file 644 - "$leaving"
	say "removing this host from DNS: $DNS_NAME"
}

# Checks a host that leaves DNS, and begins the drain when its record has expired; fails until then. Called by the lifecycle agent and by waiting
# commands: only one of them begins the drain, and none after an undo.
drain_when_forgotten() {
	local since
	[[ -e $leaving ]] && since=$(cat "$leaving" 2>/dev/null) || return 0
	forgotten_by_dns "${since:-0}" || return 1
	mv "$leaving" "$mark" 2>/dev/null || return 0
	say "draining: new calls get 503"
	start_draining
}

tell_kamailio() { kamcmd cfg.set_now_int proxy draining "$1" >/dev/null 2>&1; }

# calls_left: prints the number of current calls; fails if it is unknown. (After a restart, Kamailio has lost its dialogs, or the relay its
# sessions: the larger number counts.)
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

# wait_for_calls BEGAN PAUSE COMMAND...: waits until no call is left, with a check every PAUSE seconds. Sets left to the last number
# (empty if unknown), and known_left to the last known number. After each check, COMMAND decides whether to continue. Returns 0 if no
# call is left, 1 if calls may be left DRAIN_LIMIT seconds after BEGAN (since the epoch), and 2 if COMMAND fails.
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
