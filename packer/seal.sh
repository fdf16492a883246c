#!/usr/bin/env bash
# Takes out of the image all that belongs to the machine it was made on, and all that was only needed to make it.
set -euo pipefail
# shellcheck source=packer/common.sh
. "$(dirname "$0")/common.sh"

step "sealing"
# empty where nobody has made it (Packer by hand)
if [[ -s $upload/sbom.cdx.json ]]; then install -D -m 644 -o root -g root "$upload/sbom.cdx.json" /usr/share/sip-proxy/sbom.cdx.json; fi
# with it, what is deleted becomes free late, and could not be cleared below. (In a container the mount is another machine's.)
if [ -e /dev/vda ]; then mount -o remount,nodiscard / || true; fi
apt_get clean
rm -f /usr/sbin/policy-rc.d
for program in "${grub_programs[@]}"; do
	if [[ $(readlink "/usr/local/sbin/$program") == /bin/true ]]; then rm "/usr/local/sbin/$program"; fi
done
bash "$upload/packer/boot-menu.sh"
rm -rf /var/lib/apt/lists/* /var/cache/apt/*.bin /var/cache/debconf/*-old

cloud-init clean --logs --seed
rm -rf /var/lib/cloud
truncate --size=0 /etc/machine-id
rm -f /var/lib/dbus/machine-id /etc/ssh/ssh_host_* /var/lib/systemd/random-seed /etc/hostname
# every login that the bake made or used
find /root /home -name authorized_keys -delete
find /root /home \( -name '.*_history' -o -name .lesshst -o -name .wget-hsts -o -name .viminfo \) -delete
rm -rf /root/.ssh /home/*/.ssh /root/.cache /home/*/.cache /home/*/.sudo_as_admin_successful
# what the builder's network and clock left
rm -rf /etc/netplan/50-cloud-init.yaml /var/lib/dhcp/* /var/lib/chrony/* /run/systemd/timesync/*
# what Python compiled because netplan was run here: its package ships none
find /usr/share -path '/usr/share/netplan/*' -name __pycache__ -prune -exec rm -rf {} +

# it would write on into what is deleted below
journalctl --quiet --relinquish-var 2>/dev/null || true
journalctl --quiet --rotate --vacuum-time=1s 2>/dev/null || true
find /var/log -type f -exec truncate --size=0 {} +
find /var/log -type f \( -name '*.gz' -o -name '*.[0-9]' -o -name '*.old' \) -delete
rm -rf /var/log/journal/* /var/tmp/* /var/lib/systemd/coredump/*
find /tmp -mindepth 1 -maxdepth 1 ! -name sip-proxy -exec rm -rf {} +

# What was deleted is still in the disk's free blocks. Zeros take no room in a local image: QEMU makes holes of them. (In an
# EC2 volume's snapshot they would.) ext4 keeps some blocks back for itself, which would be left out.
if [ -e /dev/vda ]; then
	step "clearing what was deleted"
	sync
	for reserved in /sys/fs/ext4/*/reserved_clusters; do
		if [ -w "$reserved" ]; then echo 0 >"$reserved"; fi
	done
	dd if=/dev/zero of=/zeros bs=1M status=none 2>/dev/null || true
	sync
	rm -f /zeros
fi
