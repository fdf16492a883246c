#!/usr/bin/env bash
# Files that the fleet adds, and programs that it runs on the builder when all else is in its place.
set -euo pipefail
# shellcheck source=packer/common.sh
. "$(dirname "$0")/common.sh"

step "adding files"
while IFS=$'\t' read -r number mode owner path; do
	# (as a file: into a folder of this name it would go)
	install -D -T -m "$mode" "$upload/added/files/$number" "$path" || die "image.files: $path cannot be written"
	chown "$owner" "$path" || die "image.files: $path: the image has no user and group $owner"
	# chown takes away the bits that let a program run as its owner
	chmod "$mode" "$path"
done <"$upload/added/files.list"

find "$upload/added" -path '*/scripts/*' -type f -exec chmod 755 {} + -print | sort | while read -r script; do
	name=${script##*/}
	step "running ${name#*-}"
	"$script" </dev/null || die "image.scripts: ${name#*-} ended with $?"
done
systemctl daemon-reload
