# shellcheck shell=bash
# What the media relay says of its sessions. Sourced, after common.sh.

# relay_sessions UNIT: how many sessions an instance has; fails when it does not answer.
relay_sessions() {
	local number=${1#*@}
	case $1 in
	rtpproxy@*) rtpproxy_sessions "/run/rtpproxy/${number%.service}.sock" ;;
	rtpengine@*) rtpengine_sessions ;;
	esac
}

# relays_answer: succeeds when every instance does. (One that is full answers, too: it must not be taken for broken.)
relays_answer() {
	local unit
	for unit in $RELAY_UNITS; do relay_sessions "$unit" >/dev/null || return 1; done
}

# For RTPProxy each stream of a call is a session of its own.
rtpproxy_sessions() {
	printf 'I\n' | socat -t 2 - "UNIX-CONNECT:$1" 2>/dev/null | awk '/^active sessions:/ { print $3; found = 1 } END { exit !found }'
}

rtpengine_sessions() {
	local answer
	answer=$(rtpengine_ask statistics) || return 1
	[[ $answer =~ 13:sessionstotali([0-9]+)e ]] && printf '%s\n' "${BASH_REMATCH[1]}"
}

# rtpengine_ask COMMAND: the ng protocol, a cookie and a bencoded dictionary; prints the answer. (To a cookie that it has
# seen, rtpengine repeats its answer.)
rtpengine_ask() {
	printf '%s d7:command%s:%se' "$$-$RANDOM-$EPOCHREALTIME" "${#1}" "$1" | ask_udp 127.0.0.1 2223 2
}
