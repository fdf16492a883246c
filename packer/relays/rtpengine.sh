# shellcheck shell=bash
# shellcheck disable=SC2154 # what common.sh sets
# rtpengine, Debian's package. Sourced, after common.sh.
#   KERNEL_MODULE    yes | no | auto: whether to build its kernel module; auto: if possible

# Prefixes of its packages, whose upgrade would restart it.
# shellcheck disable=SC2034 # those who source this use them
relay_packages=(rtpengine)

install_relay() {
	install_packages rtpengine-daemon
	# rtpengine@.service replaces the package's units
	systemctl disable --quiet rtpengine-daemon.service 2>/dev/null || true
	systemctl mask --quiet rtpengine-daemon.service rtpengine-recording-daemon.service
	if [[ $KERNEL_MODULE != no ]]; then add_kernel_module "$(newest_kernel)"; fi
}

relay_version() { rtpengine --version 2>&1 | sed 's/^Version: //'; }

# add_kernel_module KERNEL: builds the module for the kernel that the image boots, which may differ from the running one. Kernel and rtpengine
# are put on hold, because the module fits only these versions. Build tools are removed again.
add_kernel_module() {
	local kernel=$1 before new why="" built=$upload/xt_RTPENGINE.ko
	# 12.5 and later write the nftables rules themselves
	if [[ $(rtpengine --help) != *--nftables-start* ]]; then
		no_module "rtpengine $(relay_version) is too old"
		return
	fi
	before=$(installed_packages)
	if ! install_packages rtpengine-kernel-dkms "linux-headers-$kernel"; then
		why="the mirror has no headers of the kernel $kernel (any more)"
	elif ! (build_module "$kernel" "$built"); then
		why="it does not build, see above"
	fi
	new=$(comm -13 <(echo "$before") <(installed_packages))
	# shellcheck disable=SC2086 # a list of package names
	[[ -z $new ]] || apt_get purge $new
	rm -rf /var/lib/dkms
	if [[ -n $why ]]; then
		no_module "$why"
		return
	fi
	install -D -m 644 "$built" "/usr/lib/modules/$kernel/updates/xt_RTPENGINE.ko"
	rm "$built"
	depmod "$kernel"
	mkdir -p /usr/share/sip-proxy
	dpkg-query -W -f '${Package} ${Version}\n' rtpengine-daemon >/usr/share/sip-proxy/kernel-module-of
	# shellcheck disable=SC2046 # a list of package names
	apt-mark hold rtpengine-daemon $(installed_packages | grep '^linux-image-') >/dev/null
}

# build_module KERNEL FILE. (DKMS would sign it with a key that only this builder has; without the signature, two bakes make the same file.)
build_module() {
	local version made
	version=$(dpkg-query -W -f '${source:Upstream-Version}' rtpengine-kernel-dkms)
	made() { find "/var/lib/dkms/rtpengine/$version/$1" -name 'xt_RTPENGINE.ko*' -print -quit 2>/dev/null || true; }
	# if the kernel is the running one, the package has built it already
	[[ -n $(made "$1") ]] || build "rtpengine's kernel module" dkms build -m rtpengine -v "$version" -k "$1"
	made=$(made "$1")
	[[ -n $made ]] || die "rtpengine's kernel module was built, and is not there"
	# (callers that test for failure have errexit off)
	case $made in
	*.xz) xz -dc "$made" >"$2" ;;
	*.zst) zstd -dc "$made" >"$2" ;;
	*) cp "$made" "$2" ;;
	esac && strip --strip-debug "$2"
}

installed_packages() { dpkg-query -W -f '${db:Status-Status} ${Package}\n' | sed -n 's/^installed //p' | sort; }

no_module() {
	if [[ $KERNEL_MODULE == yes ]]; then die "kernel_forwarding: $1"; fi
	step "no forwarding in the kernel: $1"
}
