#!/usr/bin/env bash
# The media relay: MEDIA_RELAY is rtpproxy (built from its published source) or rtpengine (Debian's package).
set -euo pipefail
# shellcheck source=packer/common.sh
. "$(dirname "$0")/common.sh"

case $MEDIA_RELAY in
rtpproxy)
	built=$upload/sources/rtpproxy-built.tar.gz
	if [[ ! -f $built ]]; then
		bash "$upload/packer/build-rtpproxy.sh" "$upload/sources/rtpproxy.tar.gz" "$built"
	fi
	step "installing RTPProxy"
	tar -xzf "$built" -C /
	# shellcheck disable=SC2046 # a list of package names
	install_packages $(cat /usr/share/sip-proxy/rtpproxy.depends)
	rtpproxy -V
	;;
rtpengine)
	step "installing rtpengine"
	install_packages rtpengine-daemon
	rtpengine --version 2>&1
	;;
*) die "MEDIA_RELAY is $MEDIA_RELAY" ;;
esac

# Kamailio's unit names the group, whichever relay is in the image.
getent group rtpproxy >/dev/null || addgroup --system --quiet rtpproxy
if [[ $MEDIA_RELAY == rtpproxy ]]; then
	adduser --system --quiet --no-create-home --home /run/rtpproxy --ingroup rtpproxy rtpproxy
fi
