#!/usr/bin/env bash
# The media relay: MEDIA_RELAY is the name of a script of packer/relays.
set -euo pipefail
# shellcheck source=packer/common.sh
. "$(dirname "$0")/common.sh"
# shellcheck source=packer/relays/rtpproxy.sh
. "$upload/packer/relays/$MEDIA_RELAY.sh"

step "installing $MEDIA_RELAY"
# Kamailio's unit names the group, whichever relay is in the image.
getent group rtpproxy >/dev/null || addgroup --system --quiet rtpproxy
install_relay
relay_version
