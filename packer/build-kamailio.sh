#!/usr/bin/env bash
# build-kamailio.sh SOURCE.tar.gz OUT.tar.gz: builds Kamailio for this base and packs what `make install` puts below /usr.
set -euo pipefail
# shellcheck source=packer/common.sh
. "$(dirname "$0")/common.sh"

source_archive=$1 out=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

step "building Kamailio"
installed_before=$(dpkg-query -W -f '${Package}\n' | sort)
install_packages build-essential pkg-config bison flex libssl-dev libpq-dev libcurl4-openssl-dev libxml2-dev \
	libevent-dev liblua5.1-0-dev libreadline-dev libunistring-dev libpcre2-dev libjansson-dev cmake

mkdir "$work/source" "$work/root"
tar -xzf "$source_archive" -C "$work/source" --strip-components=1
cd "$work/source"
if [[ -f src/Makefile ]]; then cd src; fi
# the paths of Debian's packages, where verify.sh expects the modules
options=(PREFIX=/usr "LIBDIR=lib/$(dpkg-architecture -qDEB_HOST_MULTIARCH)" cfg_target=/etc/kamailio/)
build Kamailio make "${options[@]}" include_modules="app_lua db_postgres tls" extra_defs="-DVERSION_NODATE" cfg
build Kamailio make "${options[@]}" -j"$(nproc)" all
build Kamailio make "${options[@]}" BASEDIR="$work/root" basedir="$work/root" install
rm -rf "$work/root/etc" "$work/root/usr/share/doc" "$work/root/usr/share/man"

# The packages of linked libraries, so that the image needs no development files.
mkdir -p "$work/root/usr/share/sip-proxy"
find "$work/root" -type f \( -executable -o -name '*.so' \) -print0 >"$work/linked"
mapfile -d '' -t linked <"$work/linked"
packages_linked_by "${linked[@]}" >"$work/root/usr/share/sip-proxy/kamailio.depends"
tools_of_build >"$work/root/usr/share/sip-proxy/kamailio.tools"
find "$work/root" -name '*.so' -exec strip --strip-unneeded {} +
tar --sort=name --owner=0 --group=0 --numeric-owner --mtime=@0 -C "$work/root" -czf "$out" .

comm -13 <(printf '%s\n' "$installed_before") <(dpkg-query -W -f '${Package}\n' | sort) | xargs -r apt-get -qq -y purge
