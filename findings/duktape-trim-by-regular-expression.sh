#!/bin/bash
# Duktape, the JavaScript of Kamailio's app_jsdt: a regular expression for the end of a text costs twenty times as much as a split.
#
# Guess:     On a session description of some 350 bytes, replace(/\s+$/, "") costs a few times as much as split("\r\n"), as in other
#            engines.
# Behaviour: It costs some twenty times as much: Duktape tries the expression at every character, and builds its state anew for each try.
#            The same work with String's functions (split, trim) is nearly free. In a script that runs for every SIP message, expressions
#            without a fixed start caused half of all instructions of Kamailio's workers per call.
# Seen with: Debian 12: duktape 2.7.0-2, valgrind 1:3.19.0-1 (counts instructions, which do not depend on the machine's load).
# Output:    the expression needs more than 15 times the instructions of split
#
# Needs root, mmdebstrap and a Debian mirror. Exit code 0: it is still so; 1: it has changed.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf --one-file-system "$work"' EXIT
tree=$work/tree

mmdebstrap --quiet --variant=apt --include=duktape,valgrind,libc6-dbg bookworm "$tree"
chroot "$tree" dpkg-query -W duktape valgrind

cat >"$tree/text.js" <<'JS'
var text = ["v=0", "o=- 1 1 IN IP4 192.0.2.1", "s=-", "c=IN IP4 192.0.2.1", "t=0 0", "m=audio 40000 RTP/AVP 0 8", "a=rtpmap:0 PCMU/8000",
	"a=rtpmap:8 PCMA/8000", "a=sendonly", "a=label:1", "m=audio 40002 RTP/AVP 0 8", "a=rtpmap:0 PCMU/8000", "a=rtpmap:8 PCMA/8000",
	"a=sendonly", "a=label:2", ""].join("\r\n");
JS

# instructions STATEMENT: the instructions of one run: those of 100 runs minus those of none, divided by 100.
instructions() {
	local count cost=()
	for count in 0 100; do
		{
			cat "$tree/text.js"
			echo "for (var i = 0; i < $count; i++) { $1 }"
		} >"$tree/run.js"
		cost+=("$(unshare --mount --pid --fork --mount-proc="$tree/proc" chroot "$tree" valgrind --tool=callgrind --callgrind-out-file=/dev/null duk /run.js 2>&1 | awk '/Collected/ { print $4 }')")
	done
	echo $(((cost[1] - cost[0]) / 100))
}

by_expression=$(instructions 'text.replace(/\s+$/, "");')
by_string=$(instructions 'text.split("\r\n");')
printf 'instructions: %s by the expression, %s by split\n' "$by_expression" "$by_string"
((by_expression > 15 * by_string)) || {
	echo "this has changed" >&2
	exit 1
}
echo "the expression needs more than 15 times the instructions of split"
