#!/bin/bash
# Duktape, the JavaScript of Kamailio's app_jsdt: a regular expression that looks for the end of a text costs twenty times a split.
#
# Guess:     replace(/\s+$/, "") on a session description of some 350 bytes costs a few times what split("\r\n") costs, as in other engines.
# Behaviour: It costs some twenty times as much: Duktape tries the expression at every character, and each try builds its state anew.
#            The same work by String's own functions (split, trim) is nearly free. In a script that runs for every SIP message, expressions
#            that begin anywhere were half of all instructions that Kamailio's workers needed for a call.
# Seen with: Debian 12: duktape 2.7.0-2, valgrind 1:3.19.0-1 (instructions are counted, so that the machine's load says nothing).
# Output:    the expression needs more than 15 times the instructions of split
#
# Needs root, mmdebstrap and a Debian mirror. Exits 0 while it is so, 1 when it has changed.
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

# Instructions of a statement, of 100 times less none.
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
