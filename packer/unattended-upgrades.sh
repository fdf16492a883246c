#!/usr/bin/env bash
# Configures automatic security updates without restarts of services that have calls: Kamailio and the media relay, which apt would restart,
# are updated by the next image, and so is a kernel that is on hold for the relay's module.
set -euo pipefail
# shellcheck source=packer/common.sh
. "$(dirname "$0")/common.sh"
# shellcheck source=packer/relays/rtpproxy.sh
. "$upload/packer/relays/$MEDIA_RELAY.sh"

step "installing unattended-upgrades"
install_packages unattended-upgrades
{
	cat <<-'CONF'
		// Written by sip-proxy: image.unattended_upgrades.
		APT::Periodic::Enable "1";
		APT::Periodic::Update-Package-Lists "1";
		APT::Periodic::Unattended-Upgrade "1";
		#clear Unattended-Upgrade::Origins-Pattern;
		Unattended-Upgrade::Origins-Pattern { "origin=Debian,codename=${distro_codename}-security,label=Debian-Security"; };
		// a host goes when its calls have ended, and nobody waits for apt then
		Unattended-Upgrade::Automatic-Reboot "false";
		Unattended-Upgrade::InstallOnShutdown "false";
		Unattended-Upgrade::MinimalSteps "true";
		// what the image was made with stays
		Unattended-Upgrade::Remove-Unused-Kernel-Packages "false";
		Unattended-Upgrade::Remove-New-Unused-Dependencies "false";
		Unattended-Upgrade::Remove-Unused-Dependencies "false";
	CONF
	printf 'Unattended-Upgrade::Package-Blacklist { '
	printf '"^%s"; ' kamailio ${relay_packages[@]+"${relay_packages[@]}"}
	printf '};\n'
} >/etc/apt/apt.conf.d/99sip-proxy-upgrades

# if needrestart is installed, it restarts services that use a replaced library
install -d -m 755 /etc/needrestart/conf.d
cat >/etc/needrestart/conf.d/sip-proxy.conf <<'CONF'
# Written by sip-proxy: calls go through these.
$nrconf{override_rc}{qr(^(kamailio|rtpproxy|rtpengine|sip-proxy))} = 0;
CONF
