#!/usr/bin/env bash
# cloud-init of the base goes on while Packer is already logged in, and holds apt's lock.
set -euo pipefail
# shellcheck source=packer/common.sh
. "$(dirname "$0")/common.sh"

step "waiting for cloud-init"
# 2 says "degraded" (from cloud-init 23.4 on): it finished, with warnings that are its own
cloud-init status --wait >/dev/null || (($? == 2)) || die "cloud-init of the base image failed: $(cloud-init status --long)"
