# shellcheck shell=bash
# shellcheck disable=SC2154 # what common.sh sets
# RTPProxy, built from its published source. Sourced, after common.sh.

# There is no package of it.
# shellcheck disable=SC2034 # those who source this use them
relay_packages=()

# For local images it was built before, in a chroot of the same base; otherwise it is built here.
install_relay() {
	local built=$upload/sources/rtpproxy-built.tar.gz
	if [[ ! -f $built ]]; then
		bash "$upload/packer/build-rtpproxy.sh" "$upload/sources/rtpproxy.tar.gz" "$built"
	fi
	tar -xzf "$built" -C /
	# shellcheck disable=SC2046 # a list of package names
	install_packages $(cat /usr/share/sip-proxy/rtpproxy.depends)
	adduser --system --quiet --no-create-home --home /run/rtpproxy --ingroup rtpproxy rtpproxy
}

relay_version() { rtpproxy -V 2>&1; }
