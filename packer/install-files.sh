#!/usr/bin/env bash
# The static files of every host: Kamailio's configuration, first-boot scripts, units. Enabled, they still run nothing
# on an image without user-data (see their ConditionPathExists).
set -euo pipefail
# shellcheck source=packer/common.sh
. "$(dirname "$0")/common.sh"

step "installing configuration, scripts and units"
rm -f /etc/systemd/system/kamailio.service /etc/systemd/system/rtpengine-daemon.service
# the packages' own examples would be read by nobody, and mistaken for what is in force
rm -rf /etc/kamailio /etc/default/kamailio /etc/init.d/kamailio
mkdir -p /etc/kamailio /usr/lib/sip-proxy /var/lib/sip-proxy
cp -r "$upload/rootfs/." /
chown -R root:root /etc/kamailio /usr/lib/sip-proxy
chmod 755 /usr/lib/sip-proxy/* /usr/sbin/sip-proxy-*
chmod 644 /usr/lib/sip-proxy/*.sh /etc/systemd/system/*.service

systemctl daemon-reload
systemctl disable --quiet rtpengine-daemon.service 2>/dev/null || true
systemctl mask --quiet rtpengine-daemon.service rtpengine-recording-daemon.service
for unit in "$upload"/rootfs/etc/systemd/system/*.service; do
	# instances of templates are started by the host, as many as it needs
	[[ $unit == *@.service ]] || systemctl enable --quiet "$(basename "$unit")"
done
rm -f /usr/sbin/policy-rc.d
