# shellcheck shell=bash
# shellcheck disable=SC2154 # what common.sh and host.env set
# Queries to the media relay's processes on their control addresses. Sourced, after common.sh.

# relay_control QUERY: sends QUERY (see relay-control) to every process. Prints lines of UNIT ANSWER, with "-" without an answer;
# fails if an answer is missing.
relay_control() {
	local controls answers status=0
	read -ra controls <<<"$RELAY_CONTROLS"
	answers=$("$lib/relay-control" "$RELAY_PROTOCOL" "$1" "${controls[@]}") || status=$?
	paste -d ' ' <(tr ' ' '\n' <<<"$RELAY_UNITS") - <<<"$answers"
	return "$status"
}

# relays_answer: succeeds if all processes answer. (A fully loaded one also answers: it is not broken.)
relays_answer() { relay_control sessions >/dev/null; }
