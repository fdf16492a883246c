# shellcheck shell=bash
# shellcheck disable=SC2154 # what common.sh and host.env set
# What the media relay's processes answer on their control addresses. Sourced, after common.sh.

# relay_control QUESTION: puts it (see relay-control) to every process. Prints UNIT ANSWER, a line each, with "-" as the answer
# of one that gives none; fails when there is such a one.
relay_control() {
	local controls answers status=0
	read -ra controls <<<"$RELAY_CONTROLS"
	answers=$("$lib/relay-control" "$RELAY_PROTOCOL" "$1" "${controls[@]}") || status=$?
	paste -d ' ' <(tr ' ' '\n' <<<"$RELAY_UNITS") - <<<"$answers"
	return "$status"
}

# relays_answer: succeeds when all do. (One that is full answers, too: it must not be taken for broken.)
relays_answer() { relay_control sessions >/dev/null; }
