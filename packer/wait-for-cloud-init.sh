#!/usr/bin/env bash
# Waits for the base's cloud-init, which still runs when Packer logs in, and may hold apt's lock.
set -euo pipefail
# shellcheck source=packer/common.sh
. "$(dirname "$0")/common.sh"

step "waiting for cloud-init"
# 2 means "degraded" (cloud-init 23.4 and later): it has finished with warnings
cloud-init status --wait >/dev/null || (($? == 2)) || die "cloud-init of the base image failed: $(cloud-init status --long)"
