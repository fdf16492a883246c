#!/bin/bash
# rtpengine: --offer-timeout does not end a call that has an offer, but never gets an answer.
#
# Guess:     The manual says that the timeout "is applied to calls which only had an offer but no answer". With `--offer-timeout=10` and no
#            packets, rtpengine deletes such a call and its ports some seconds later, regardless of --timeout.
# Behaviour: The call stays until --timeout. If you set --timeout to hours, so that calls on hold stay, you must end unanswered calls
#            yourself.
# Seen with: Debian 12: rtpengine 10.5.3.5.
# Output:    offer: ok
#            after 45 s: ok
#
# Needs root, mmdebstrap and a Debian mirror. Exit code 0: it is still so; 1: it has changed.
set -euo pipefail

work=$(mktemp -d)
cleanup() {
	if [[ -n ${daemon:-} ]]; then kill "$daemon" 2>/dev/null || true; fi
	umount "$work/tree/proc" 2>/dev/null || true
	rm -rf --one-file-system "$work"
}
trap cleanup EXIT

mmdebstrap --quiet --variant=apt --include=rtpengine-daemon,python3-minimal bookworm "$work/tree"
chroot "$work/tree" dpkg-query -W rtpengine-daemon
mount -t proc proc "$work/tree/proc"

cat >"$work/tree/ask.py" <<'PY'
import socket, sys
sdp = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 40000 RTP/AVP 0\r\n"
def text(value):
    return f"{len(value)}:{value}"
def dictionary(**items):
    return "d" + "".join(text(name.replace("_", "-")) + text(value) for name, value in sorted(items.items())) + "e"
questions = {
    "offer": dictionary(command="offer", call_id="one", from_tag="a", sdp=sdp),
    "query": dictionary(command="query", call_id="one"),
}
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
    control.settimeout(5)
    control.connect(("127.0.0.1", 12223))
    control.send(f"{sys.argv[2]} {questions[sys.argv[1]]}".encode())
    answer = control.recv(65536).decode()
print("ok" if "6:result2:ok" in answer else "unknown")
PY

chroot "$work/tree" rtpengine --config-file=none --foreground --log-stderr --log-level=5 --table=-1 --interface=127.0.0.1 \
	--listen-ng=127.0.0.1:12223 --port-min=41000 --port-max=41100 --offer-timeout=10 --timeout=3600 --silent-timeout=3600 2>/dev/null &
daemon=$!
for _ in {1..50}; do
	if offered=$(chroot "$work/tree" python3 /ask.py offer 1 2>/dev/null); then break; fi
	sleep 0.2
done
echo "offer: $offered"
sleep 45
known=$(chroot "$work/tree" python3 /ask.py query 2)
echo "after 45 s: $known"
[[ $offered == ok && $known == ok ]]
