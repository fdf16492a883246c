#!/usr/bin/env bash
# Installs the media relay; MEDIA_RELAY is the name of a script in packer/relays.
set -euo pipefail
# shellcheck source=packer/common.sh
. "$(dirname "$0")/common.sh"
# shellcheck source=packer/relays/rtpproxy.sh
. "$upload/packer/relays/$MEDIA_RELAY.sh"

# Units refer to the groups of both relays, so both must exist in each image.
has_group() { getent group "$1" >/dev/null || addgroup --system --quiet "$1"; }

step "installing $MEDIA_RELAY"
has_group rtpproxy
install_relay
has_group rtpengine
relay_version
