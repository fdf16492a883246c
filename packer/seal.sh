#!/usr/bin/env bash
# Removes from the image everything that belongs to the machine on which it was made, or was only needed to make it.
set -euo pipefail
# shellcheck source=packer/common.sh
. "$(dirname "$0")/common.sh"

step "sealing"
# empty if Packer was started by hand
if [[ -s $upload/sbom.cdx.json ]]; then install -D -m 644 -o root -g root "$upload/sbom.cdx.json" /usr/share/sip-proxy/sbom.cdx.json; fi
apt_get clean
rm -f /usr/sbin/policy-rc.d
for program in "${grub_programs[@]}"; do
	if [[ $(readlink "/usr/local/sbin/$program") == /bin/true ]]; then rm "/usr/local/sbin/$program"; fi
done
bash "$upload/packer/boot-menu.sh"
rm -rf /var/lib/apt/lists/* /var/cache/apt/*.bin /var/cache/debconf/*-old
# caches with the time and disk position of files; they are made again when needed
rm -rf /var/cache/ldconfig/aux-cache /var/cache/fontconfig/*

cloud-init clean --logs --seed
rm -rf /var/lib/cloud
truncate --size=0 /etc/machine-id
rm -f /var/lib/dbus/machine-id /etc/ssh/ssh_host_* /var/lib/systemd/{random-seed,credential.secret} /etc/hostname
# the builder must not write the random seed again at its end: every host would start with the same
install -d /run/systemd/system/systemd-random-seed.service.d
printf '[Service]\nExecStop=\n' >/run/systemd/system/systemd-random-seed.service.d/sip-proxy.conf
systemctl daemon-reload
# all logins that the bake has made or used
find /root /home -name authorized_keys -delete
find /root /home \( -name '.*_history' -o -name .lesshst -o -name .wget-hsts -o -name .viminfo \) -delete
rm -rf /root/.ssh /home/*/.ssh /root/.cache /home/*/.cache /home/*/.sudo_as_admin_successful
# temporary credentials of the builder's role; identities of agents
rm -rf {/root,/home/*}/.aws/{cli,sso}/cache /var/lib/amazon/ssm/*
# data about the builder's network and clock
rm -rf /etc/netplan/50-cloud-init.yaml /var/lib/dhcp/* /var/lib/dhcpcd/* /var/lib/chrony/* /run/systemd/timesync/*
# files that Python compiled when netplan ran here: they are not part of its package
find /usr/share -path '/usr/share/netplan/*' -name __pycache__ -prune -exec rm -rf {} +

# otherwise it would continue to write to files that are deleted below
journalctl --quiet --relinquish-var 2>/dev/null || true
journalctl --quiet --rotate --vacuum-time=1s 2>/dev/null || true
find /var/log -type f -exec truncate --size=0 {} +
find /var/log -type f \( -name '*.gz' -o -name '*.[0-9]' -o -name '*.old' \) -delete
rm -rf /var/log/journal/* /var/tmp/* /var/lib/systemd/coredump/*
find /tmp -mindepth 1 -maxdepth 1 ! -name sip-proxy -exec rm -rf {} +
