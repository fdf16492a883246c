# shellcheck shell=bash
# shellcheck disable=SC2154 # what common.sh sets
# Kamailio's JSON-RPC over its FIFO, for answers of any length: kamcmd is limited to 128 KB, which is too little for the recorders
# of a large fleet. Sourced, after common.sh.

kamailio_run=$root/run/kamailio

# rpc METHOD [PARAMETER]: prints the answer, a line of JSON; fails if Kamailio does not answer within 5 s.
rpc() {
	local name="$$-$RANDOM" reply reader answer status=0
	reply=$kamailio_run/tmp/$name
	# Kamailio must write to it; other users have no access to the folder
	mkfifo -m 666 "$reply" 2>/dev/null || return 1
	exec {answer}< <(exec timeout 5 cat "$reply")
	reader=$!
	# nonblock: fails if there is no reader, that is, if Kamailio does not run
	if printf '{"jsonrpc":"2.0","method":"%s","params":[%s],"reply_name":"%s","id":1}\n' "$1" "${2:+\"$2\"}" "$name" |
		dd of="$kamailio_run/kamailio_rpc.fifo" conv=nocreat,notrunc oflag=nonblock status=none 2>/dev/null; then
		cat <&"$answer"
		wait "$reader" || status=1
	else
		kill "$reader" 2>/dev/null || true
		status=1
	fi
	exec {answer}<&-
	rm -f "$reply"
	return "$status"
}

# outcomes: prints COUNT OUTCOME URI for calls that were sent to recorders.
outcomes() {
	local table
	table=$(rpc htable.dump outcomes) || return 1
	"$lib/read-answer" counts <<<"$table" 2>/dev/null
}

# recorder_states: prints SET FLAGS URI for every destination, with flags as in dispatcher.list.
recorder_states() {
	local list
	list=$(rpc dispatcher.list) || return 1
	"$lib/read-answer" recorders <<<"$list" 2>/dev/null
}
