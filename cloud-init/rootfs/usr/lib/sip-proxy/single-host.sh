# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # what common.sh, host.env, group.sh and draining.sh set
# A single host on EC2. Before sip-proxy stops or ends its instance, it sets a tag, which the host reads from the metadata service:
# the host drains, and accepts calls again if the tag is removed. Its messages contain the tag's value, as confirmation. Sourced
# by lifecycle.

drain_tag=sip-proxy:drain

# File with the value of the tag for which this host drains.
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

# Prints the tag's value, or nothing without a tag; fails if it is unknown.
wanted_drain() { imds_get "meta-data/tags/instance/$drain_tag" || (($? == 4)); }

# leave VALUE: drains, and reports when no calls are left. Fails if the tag is removed meanwhile.
leave() {
	local value=$1 status=0 heard=$EPOCHSECONDS since
	since=$(began leaving)
	told="" # by an earlier drain
	say "draining: requested by sip-proxy ($value)"
	# removing the tag must not undo an operator's drain
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
