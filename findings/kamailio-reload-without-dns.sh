#!/bin/bash
# Kamailio's dispatcher: a reload answers "Ok", but drops a recorder whose name DNS does not answer, after a wait that blocks every RPC.
#
# Guess:     Kamailio loads a destination with a host name and resolves the name when it uses it; or the reload fails and keeps the old
#            list.
# Behaviour: The module resolves the name while it loads the list. It waits for a silent name server, then drops the row (with an ERROR in
#            the log), loads the rest, and the RPC reports success. So a reload during a DNS outage takes all calls away from a working
#            recorder.
# Seen with: Debian 12: Kamailio 5.6.3.
# Output:    with DNS silent: reload says "Ok. Dispatcher successfully reloaded.", 1 of 2 destinations, 10 s or more
#
# Needs root, mmdebstrap and a Debian mirror. Exit code 0: it is still so; 1: it has changed.
set -euo pipefail

work=$(mktemp -d)
tree=$work/tree
cleanup() {
	for pid in ${proxy:-} ${server:-}; do kill "$pid" 2>/dev/null || true; done
	sleep 1
	umount "$tree/proc" 2>/dev/null || true
	rm -rf --one-file-system "$work"
}
trap cleanup EXIT

mmdebstrap --quiet --variant=apt --include=kamailio,python3-minimal,iproute2 bookworm "$tree"
chroot "$tree" dpkg-query -W kamailio
mount -t proc proc "$tree/proc"
echo "nameserver 127.0.0.1" >"$tree/etc/resolv.conf"
mkdir -p "$tree/run/kamailio"

cat >"$tree/kamailio.cfg" <<'CFG'
#!KAMAILIO
log_stderror=yes
children=1
auto_aliases=no
listen=udp:127.0.0.1:15060
loadmodule "ctl.so"
loadmodule "jsonrpcs.so"
loadmodule "sl.so"
loadmodule "tm.so"
loadmodule "dispatcher.so"
modparam("dispatcher", "list_file", "/list")
request_route { exit; }
CFG
printf '1 sip:10.0.0.3:5060\n' >"$tree/list"

# a name server that never answers
cat >"$tree/silent.py" <<'PY'
import socket
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as mine:
    mine.bind(("127.0.0.1", 53))
    while True:
        mine.recv(4096)
PY

# in a separate network namespace, so Kamailio reaches no name server of this machine
unshare --net chroot "$tree" sh -c 'ip link set lo up; python3 /silent.py & echo $! >/server.pid; exec kamailio -DD -E -f /kamailio.cfg' >"$work/log" 2>&1 &
proxy=$!
ask() { nsenter --target "$proxy" --net chroot "$tree" kamcmd -s unixs:/run/kamailio/kamailio_ctl "$@"; }
for _ in {1..100}; do
	if ask core.uptime >/dev/null 2>&1; then break; fi
	sleep 0.1
done
server=$(<"$tree/server.pid")

printf '1 sip:10.0.0.3:5060\n1 sip:recorder.example:5060\n' >"$tree/list"
began=$(date +%s)
said=$(ask dispatcher.reload 2>&1 | tr -d '\t\n{}')
took=$(($(date +%s) - began))
loaded=$(ask dispatcher.list | grep -c URI:)
echo "with DNS silent: reload says \"$said\", $loaded of 2 destinations, $took s"
grep -m 1 -i recorder.example "$work/log" || true
[[ $said == *[Oo]k* && $loaded == 1 && $took -ge 8 ]]
