#!/usr/bin/env bash
# Installs the fleet's files, and runs the fleet's programs on the builder, after everything else is installed.
set -euo pipefail
# shellcheck source=packer/common.sh
. "$(dirname "$0")/common.sh"

step "adding files"
while IFS=$'\t' read -r number mode owner path; do
	# (-T: fails if there is a folder with this name)
	install -D -T -m "$mode" "$upload/added/files/$number" "$path" || die "image.files: $path cannot be written"
	chown "$owner" "$path" || die "image.files: $path: the image has no user and group $owner"
	# after chown, which clears the setuid and setgid bits
	chmod "$mode" "$path"
done <"$upload/added/files.list"

find "$upload/added" -path '*/scripts/*' -type f -exec chmod 755 {} + -print | sort | while read -r script; do
	name=${script##*/}
	step "running ${name#*-}"
	"$script" </dev/null || die "image.scripts: ${name#*-} ended with $?"
done
systemctl daemon-reload
