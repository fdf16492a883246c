# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # what common.sh, host.env, group.sh and draining.sh set
# A host of no group. Whoever stops or ends its instance with sip-proxy asks it first to drain, by a tag of the instance, which
# the metadata service shows; when the tag goes, it takes calls again. What it says carries the tag's value: its answer. Sourced by
# lifecycle.

drain_tag=sip-proxy:drain

# Holds the value of the tag that this host drains for.
asked=$lifecycle/asked

alone() {
	wait_for "${SIP_PROXY_WAIT:-120}" imds_get meta-data/instance-id >/dev/null || return 0
	local wanted answered=""
	while sleep "$look"; do
		wanted=$(wanted_drain) || continue
		if [[ -z $wanted ]]; then
			serve_again
			answered=""
		elif [[ $wanted != "$answered" ]] && leave "$wanted"; then
			answered=$wanted
		fi
	done
}

# Prints the tag's value, nothing when it is not there; fails when that is not known.
wanted_drain() { imds_get "meta-data/tags/instance/$drain_tag" || (($? == 4)); }

# leave VALUE: no new calls; says when none are left. Fails when the tag goes meanwhile.
leave() {
	local value=$1 status=0 heard=$EPOCHSECONDS since
	since=$(began leaving)
	told="" # by an earlier drain
	say "draining: requested by sip-proxy ($value)"
	# an operator's own drain is not undone with the tag
	[[ -s $mark ]] || printf '%s\n' "$value" | write_file 644 - "$asked"
	start_draining >/dev/null 2>&1 || true
	wait_for_calls "$since" "$look" still_asked || status=$?
	case $status in
	0) say "drained: no calls are left ($value)" ;;
	1) say "FAILED: ${known_left:-an unknown number of} calls are still up after $DRAIN_LIMIT s (drain_limit) ($value)" ;;
	*)
		[[ $(wanted_drain) == "$value" ]] || return 1
		say "drained: neither Kamailio nor the media relay reports calls ($value)"
		;;
	esac
	over leaving
}

still_asked() {
	local now
	heard_of_calls || return 1
	say_new "calls left: ${known_left:-not known}"
	start_draining >/dev/null 2>&1 || true
	now=$(wanted_drain) || return 0
	[[ $now == "$value" ]]
}

serve_again() {
	[[ -s $asked ]] || return 0
	rm -f "$asked"
	over leaving
	"$lib/drain" undo
}
