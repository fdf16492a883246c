#!/usr/bin/env bash
# Installs the static files of every host: Kamailio's configuration, first-boot scripts, units. Units are enabled, but do not
# start on an image without user-data (see their ConditionPathExists).
set -euo pipefail
# shellcheck source=packer/common.sh
. "$(dirname "$0")/common.sh"

step "installing configuration, scripts and units"
rm -f /etc/systemd/system/kamailio.service
# the packages' examples are not used, and could be mistaken for the active configuration
rm -rf /etc/kamailio /etc/default/kamailio /etc/init.d/kamailio
mkdir -p /etc/kamailio /usr/lib/sip-proxy /var/lib/sip-proxy
# user of agents that do not run as root, and group of Kamailio's control sockets
adduser --system --group --quiet --no-create-home --home /run/sip-proxy sip-proxy
# An upload may lose modes. They are set here, before the files are beside masked units, which are links to /dev/null.
find "$upload/rootfs" -type d -exec chmod 755 {} +
find "$upload/rootfs" -type f -exec chmod 644 {} +
find "$upload/rootfs/usr/lib/sip-proxy" "$upload/rootfs/usr/sbin" -type f ! -name '*.sh' -exec chmod 755 {} +
cp -r --no-preserve=ownership "$upload/rootfs/." /

# without a reload for each unit, which takes longer than everything else
for unit in "$upload"/rootfs/etc/systemd/system/*.service; do
	# the host starts as many instances of templates as it needs
	[[ $unit == *@.service ]] || systemctl --no-reload enable --quiet "$(basename "$unit")"
done

# Units of a base that run at boot or by a timer and have no use on a host: there are no LVM snapshots to check, and the package
# database is that of the image. Without unattended upgrades (a base may have them enabled, which would restart Kamailio during
# calls), package lists are not fetched either.
idle=(e2scrub_all.timer e2scrub_reap.service dpkg-db-backup.timer man-db.timer)
if [[ $UNATTENDED_UPGRADES != yes ]]; then
	idle+=(apt-daily.timer apt-daily-upgrade.timer unattended-upgrades.service)
	printf '// Written by sip-proxy: image.unattended_upgrades.\nAPT::Periodic::Enable "0";\n' >/etc/apt/apt.conf.d/99sip-proxy-upgrades
fi
for unit in "${idle[@]}"; do systemctl --no-reload disable --quiet "$unit" 2>/dev/null || true; done
systemctl daemon-reload
