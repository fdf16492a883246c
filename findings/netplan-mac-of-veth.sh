#!/bin/bash
# netplan: a match by MAC address does not find a card that is a veth.
#
# Guess:     `match: { macaddress: M }` with the address from `ip link` configures that card.
# Behaviour: netplan writes PermanentMACAddress=M for networkd. A veth has an address, but no permanent one (in ethtool's terms): nothing
#            matches, networkd leaves the card unmanaged, and systemd-networkd-wait-online waits two minutes. Match by name instead: a key
#            of `ethernets` without `match`.
# Seen with: Debian 13: netplan.io 1.1.2, systemd 257.13, Linux 6.18.
# Output:    netplan wrote: PermanentMACAddress=52:54:00:00:00:01
#            ethtool says: Permanent address: not set
#
# Needs root, mmdebstrap and a Debian mirror. Exit code 0: it is still so; 1: it has changed.
set -euo pipefail

work=$(mktemp -d)
namespace=finding-$$
cleanup() {
	ip netns delete "$namespace" 2>/dev/null || true
	rm -rf --one-file-system "$work"
}
trap cleanup EXIT

mmdebstrap --quiet --variant=apt --include=netplan.io,ethtool trixie "$work/tree"
chroot "$work/tree" dpkg-query -W netplan.io systemd

cat >"$work/tree/etc/netplan/50-test.yaml" <<'YAML'
network:
  version: 2
  ethernets:
    card: { match: { macaddress: "52:54:00:00:00:01" }, addresses: [192.0.2.1/24] }
YAML
chmod 600 "$work/tree/etc/netplan/50-test.yaml"
chroot "$work/tree" netplan generate
written=$(grep -h MACAddress= "$work/tree/run/systemd/network/"*.network)
echo "netplan wrote: $written"

ip netns add "$namespace"
ip -n "$namespace" link add name card address 52:54:00:00:00:01 type veth peer name other
permanent=$(ip netns exec "$namespace" chroot "$work/tree" ethtool -P card)
echo "ethtool says: $permanent"

[[ $written == PermanentMACAddress=52:54:00:00:00:01 ]] || exit 1
[[ $permanent != *52:54:00:00:00:01* ]] || exit 1
