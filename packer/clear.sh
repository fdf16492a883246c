#!/usr/bin/env bash
# The last step: removes the upload, itself with it, and what was deleted from the free blocks of the disk.
set -euo pipefail
# shellcheck source=packer/common.sh
. "$(dirname "$0")/common.sh"

step "clearing what was deleted"
free_blocks=$(<"$upload/packer/free_blocks.py")
rm -rf "$upload"

# Of a container, the files alone become an image; its mounts are another machine's.
if systemd-detect-virt --container --quiet; then
	exit
fi
filesystem=$(findmnt -no FSTYPE /)
if [[ $filesystem == ext4 ]]; then
	# with it, what is deleted becomes free late, and would not be found
	mount -o remount,nodiscard / || true
	python3 -c "$free_blocks" /
else
	step "the root filesystem is $filesystem, not ext4: what was deleted may be left in its free blocks"
fi
