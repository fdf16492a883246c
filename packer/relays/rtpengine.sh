# shellcheck shell=bash
# rtpengine, Debian's package. Sourced, after common.sh.

install_relay() {
	install_packages rtpengine-daemon
	# rtpengine@.service runs in the place of the package's own units
	systemctl disable --quiet rtpengine-daemon.service 2>/dev/null || true
	systemctl mask --quiet rtpengine-daemon.service rtpengine-recording-daemon.service
}

relay_version() { rtpengine --version 2>&1 | sed 's/^Version: //'; }
