#!/usr/bin/env bash
# Installs the fleet's Debian packages, also from its apt repositories, whose keys are part of the upload.
set -euo pipefail
# shellcheck source=packer/common.sh
. "$(dirname "$0")/common.sh"

step "installing further packages"
install -d -m 755 /etc/apt/keyrings
find "$upload/added" -path '*/apt/*.asc' -exec install -m 644 -t /etc/apt/keyrings {} +
find "$upload/added" -path '*/apt/*.sources' -exec install -m 644 -t /etc/apt/sources.list.d {} +
read_archives
mapfile -t packages <"$upload/added/packages"
if ((${#packages[@]} > 0)); then
	install_packages "${packages[@]}" || die "image.packages: apt cannot install ${packages[*]}"
fi
