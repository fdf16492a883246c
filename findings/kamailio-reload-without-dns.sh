#!/bin/bash
# Kamailio's dispatcher: a reload answers "Ok" and leaves out a recorder whose name got no answer from DNS, after a wait that holds every RPC.
#
# Guess:     a destination with a host name is loaded and looked up when it is used, or the reload says that it failed and keeps the old list.
# Behaviour: the module looks the name up while it loads. A name server that is silent is waited for; then the row is dropped (an ERROR in the
#            log), the rest is put in force, and the RPC reports success: a recorder that had calls has none after a reload in an outage of DNS.
# Seen with: Debian 12: Kamailio 5.6.3.
# Output:    with DNS silent: reload says "Ok. Dispatcher successfully reloaded.", 1 of 2 destinations, 10 s or more
#
# Needs root, mmdebstrap and a Debian mirror. Exits 0 while it is so, 1 when it has changed.
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

# what answers nothing
cat >"$tree/silent.py" <<'PY'
import socket
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as mine:
    mine.bind(("127.0.0.1", 53))
    while True:
        mine.recv(4096)
PY

# a network of its own: nothing of this machine is asked
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
