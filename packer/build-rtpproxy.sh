#!/usr/bin/env bash
# build-rtpproxy.sh SOURCE.tar.gz OUT.tar.gz: builds RTPProxy for this base and packs the daemon with its modules.
set -euo pipefail
# shellcheck source=packer/common.sh
. "$(dirname "$0")/common.sh"

source_archive=$1 out=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

step "building RTPProxy"
installed_before=$(dpkg-query -W -f '${Package}\n' | sort)
install_packages build-essential pkg-config libssl-dev

mkdir "$work/source" "$work/root"
tar -xzf "$source_archive" -C "$work/source" --strip-components=1
cd "$work/source"

# RTPProxy releases the sockets of deleted sessions only when a packet or a new session wakes its threads. If all ports are in
# use, there can be no new session, so ended calls release nothing, and it never accepts a call again. This wakes the threads.
sed -i 's/\bi = handle_delete(cfsp, &cmd->cca);/& CALL_METHOD(cfsp->rtpp_proc_cf, nudge);/' src/rtpp_command.c
grep -q 'handle_delete.*nudge' src/rtpp_command.c || echo "WARNING: this RTPProxy may keep the ports of calls that have ended"

build RTPProxy ./configure --prefix=/usr
build RTPProxy make -j"$(nproc)"
build RTPProxy make DESTDIR="$work/install" install

mkdir -p "$work/root/usr/bin" "$work/root/usr/lib/rtpproxy" "$work/root/usr/share/sip-proxy"
install -m 755 "$work/install/usr/bin/rtpproxy" "$work/root/usr/bin/rtpproxy"
find "$work/install/usr/lib/rtpproxy" -name '*.so' ! -name '*_debug.so' -exec cp -t "$work/root/usr/lib/rtpproxy" {} +
find "$work/root" -type f -exec strip --strip-unneeded {} +
packages_linked_by "$work/root/usr/bin/rtpproxy" >"$work/root/usr/share/sip-proxy/rtpproxy.depends"
tools_of_build >"$work/root/usr/share/sip-proxy/rtpproxy.tools"
tar --sort=name --owner=0 --group=0 --numeric-owner --mtime=@0 -C "$work/root" -czf "$out" .

# Remove compilers: an image must not contain them.
comm -13 <(printf '%s\n' "$installed_before") <(dpkg-query -W -f '${Package}\n' | sort) | xargs -r apt-get -qq -y purge
