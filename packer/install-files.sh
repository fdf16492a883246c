#!/usr/bin/env bash
# The static files of every host: Kamailio's configuration, first-boot scripts, units. Enabled, they still run nothing
# on an image without user-data (see their ConditionPathExists).
set -euo pipefail
# shellcheck source=packer/common.sh
. "$(dirname "$0")/common.sh"

step "installing configuration, scripts and units"
rm -f /etc/systemd/system/kamailio.service
# the packages' own examples would be read by nobody, and mistaken for what is in force
rm -rf /etc/kamailio /etc/default/kamailio /etc/init.d/kamailio
mkdir -p /etc/kamailio /usr/lib/sip-proxy /var/lib/sip-proxy
# of the agents that need not be root, and the group of Kamailio's control sockets
adduser --system --group --quiet --no-create-home --home /run/sip-proxy sip-proxy
# An upload may lose modes. They are set on what is ours, before it lies beside units that are masked, links to /dev/null.
find "$upload/rootfs" -type d -exec chmod 755 {} +
find "$upload/rootfs" -type f -exec chmod 644 {} +
find "$upload/rootfs/usr/lib/sip-proxy" "$upload/rootfs/usr/sbin" -type f ! -name '*.sh' -exec chmod 755 {} +
cp -r --no-preserve=ownership "$upload/rootfs/." /

# a reload for each unit takes longer than all the rest
for unit in "$upload"/rootfs/etc/systemd/system/*.service; do
	# instances of templates are started by the host, as many as it needs
	[[ $unit == *@.service ]] || systemctl --no-reload enable --quiet "$(basename "$unit")"
done

# What runs at the boot, or by the clock, of a base and is of no use to a host: there are no LVM snapshots to check, and its
# package database is the image's. Where nothing upgrades by itself (a base may bring what does, and would restart Kamailio under calls), lists of
# packages are not fetched either.
idle=(e2scrub_all.timer e2scrub_reap.service dpkg-db-backup.timer man-db.timer)
if [[ $UNATTENDED_UPGRADES != yes ]]; then
	idle+=(apt-daily.timer apt-daily-upgrade.timer unattended-upgrades.service)
	printf '// Written by sip-proxy: image.unattended_upgrades.\nAPT::Periodic::Enable "0";\n' >/etc/apt/apt.conf.d/99sip-proxy-upgrades
fi
for unit in "${idle[@]}"; do systemctl --no-reload disable --quiet "$unit" 2>/dev/null || true; done
systemctl daemon-reload
