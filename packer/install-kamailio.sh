#!/usr/bin/env bash
# Installs Kamailio with the modules that features need, and packages for the host's scripts.
#   KAMAILIO_FROM     distro | apt | source
#   KAMAILIO_VERSION  of apt: the branch (6.1); of source: the branch or tag
set -euo pipefail
# shellcheck source=packer/common.sh
. "$(dirname "$0")/common.sh"

# Prevents services from starting during installation.
printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d
chmod 755 /usr/sbin/policy-rc.d
mkdir -p /etc/systemd/system
systemctl mask --quiet kamailio.service || true
# In a container, GRUB's packages, which a base may have, would search for a disk that does not exist. The boot loader does not change, so their
# programs are replaced by those in this folder.
if systemd-detect-virt --quiet --container && [[ -e /usr/sbin/update-grub ]]; then
	for program in "${grub_programs[@]}"; do ln -s /bin/true "/usr/local/sbin/$program" 2>/dev/null || true; done
fi

main() {
	step "updating packages"
	lock_apt
	read_archives
	apt_get upgrade
	install_packages ca-certificates curl postgresql-client python3 python3-dnspython python3-psycopg2 socat openssl nftables
	case $KAMAILIO_FROM in
	distro) from_packages ;;
	apt)
		add_project_repository
		has_branch
		from_packages
		;;
	source) from_source ;;
	esac
	kamailio -v | head -n 1
}

from_packages() {
	step "installing Kamailio from packages"
	install_packages kamailio kamailio-lua-modules kamailio-postgres-modules kamailio-tls-modules
}

# The Kamailio project's own repository: https://deb.kamailio.org. Its key is pinned by fingerprint.
add_project_repository() {
	local codename key=/usr/share/keyrings/kamailio.gpg fingerprint=E79ACECB87D8DCD23A20AD2FFB40D3E6508EA4C8
	codename=$(. /etc/os-release && echo "$VERSION_CODENAME")
	step "adding deb.kamailio.org, branch $KAMAILIO_VERSION"
	install_packages gpg
	curl -fsSL --retry 5 https://deb.kamailio.org/kamailiodebkey.gpg | gpg --dearmor >"$key"
	gpg --show-keys --with-colons "$key" | grep -q "^fpr:*$fingerprint:" ||
		die "the key of deb.kamailio.org does not have the fingerprint $fingerprint"
	# Debian 12's apt does not check this
	[[ $codename == bookworm ]] || gpg --list-packets "$key" | awk -f "$upload/packer/self-signature.awk" >/dev/null ||
		die "the key of deb.kamailio.org has signed itself with SHA-1 alone, which apt of Debian 13 refuses since February 2026: set image.kamailio_version to distro or to a git tag (from source), or image.base to debian-12"
	printf 'deb [signed-by=%s] http://deb.kamailio.org/kamailio%s %s main\n' \
		"$key" "${KAMAILIO_VERSION//./}" "$codename" >/etc/apt/sources.list.d/kamailio.list
	read_archives
}

# has_branch: the repository may not have the branch for this release or architecture, or Debian's version may be newer: apt would install that.
has_branch() {
	local version
	version=$(apt-cache policy kamailio | sed -nE 's/^ *Candidate: ([0-9]+:)?//p')
	[[ $version == "$KAMAILIO_VERSION".* ]] ||
		die "apt would install Kamailio ${version:-(none)}, not $KAMAILIO_VERSION of deb.kamailio.org ($(. /etc/os-release && echo "$PRETTY_NAME"), $(dpkg --print-architecture)): set image.kamailio_version to git:$KAMAILIO_VERSION (from source) or distro"
}

# For local images it was built before, in a chroot of the same base; otherwise it is built here.
from_source() {
	local built=$upload/sources/kamailio-built.tar.gz
	if [[ ! -f $built ]]; then
		bash "$upload/packer/build-kamailio.sh" "$upload/sources/kamailio.tar.gz" "$built"
	fi
	step "installing Kamailio from source"
	# shellcheck disable=SC2046 # a list of package names
	install_packages $(tar -xzOf "$built" ./usr/share/sip-proxy/kamailio.depends)
	tar -xzf "$built" -C /
	adduser --system --group --quiet --home /run/kamailio --no-create-home kamailio
}

main
