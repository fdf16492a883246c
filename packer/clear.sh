#!/usr/bin/env bash
# The last step: removes the upload, including this script, and clears deleted data from free blocks of the disk.
set -euo pipefail
# shellcheck source=packer/common.sh
. "$(dirname "$0")/common.sh"

step "clearing what was deleted"
free_blocks=$(<"$upload/packer/free_blocks.py")
rm -rf "$upload"

# In a container, only the files become an image, and the mounts belong to the other machine.
if systemd-detect-virt --container --quiet; then
	exit
fi
filesystem=$(findmnt -no FSTYPE /)
if [[ $filesystem == ext4 ]]; then
	# with discard, deleted blocks become free too late to be found
	mount -o remount,nodiscard / || true
	python3 -c "$free_blocks" /
else
	step "the root filesystem is $filesystem, not ext4: what was deleted may be left in its free blocks"
fi
