#!/usr/bin/env bash
# The final check of the image: hygiene, versions, configuration, units. Prints all faults and fails, or writes the
# manifest.
set -euo pipefail
# shellcheck source=packer/common.sh
. "$(dirname "$0")/common.sh"
# shellcheck source=packer/relays/rtpproxy.sh
. "$upload/packer/relays/$MEDIA_RELAY.sh"

faults=()
# must DESCRIPTION COMMAND...: records a fault if the command fails.
must() {
	local what=$1
	shift
	if ! "$@" >/dev/null 2>&1; then faults+=("$what"); fi
}
none() { ! compgen -G "$1" >/dev/null; }
not() { ! "$@"; }
absent() { ! command -v "$1"; }
inactive() { ! systemctl is-active --quiet "$1"; }
# The timer is in /run, which is memory: the disk itself, without mounts, must not contain it.
no_bake_limit() { [[ -z $(find / -xdev -name 'sip-proxy-bake-limit*' -print -quit) ]]; }
no_listener() { ! ss -lntuH | awk '{ print $5 }' | grep -Eq ':(5060|5061|5070|5080|7722|2223|22222)$'; }

# The newest kernel must have the module, even if it was installed later.
has_kernel_module() { [[ -n $(find "/usr/lib/modules/$(newest_kernel)/updates" -name '*RTPENGINE.ko' 2>/dev/null) ]]; }

# Paths in the menu are relative to the filesystem of /boot.
boot_menu_is_whole() {
	local file
	[[ -f /boot/grub/grub.cfg ]] || return 0
	while read -r file; do
		[[ -e $file || -e /boot$file ]] || return 1
	done < <(awk '$1 == "linux" || $1 == "initrd" { print $2 }' /boot/grub/grub.cfg)
}

upgrades() { systemctl is-enabled --quiet apt-daily-upgrade.timer && [[ $(apt-config shell on APT::Periodic::Enable) == "on='1'" ]]; }
leaves_alone() { apt-config dump Unattended-Upgrade::Package-Blacklist | grep -qF "\"^$1\""; }

installed() { [[ $(dpkg-query -W -f '${db:Status-Status}' "$1") == installed ]]; }
is_file() { [[ -f $3 && $(stat -c '%a %U:%G' "$3") == "$1 $2" ]]; }

start_log=$(mktemp)

# kamailio -c accepts much that fails at the start, so this starts a real one, on loopback, without a database.
kamailio_starts() {
	local pid answers=1 lines
	touch /var/lib/sip-proxy/dispatcher.list
	install -d -o kamailio /run/kamailio /run/kamailio/tmp
	kamailio -DD -E -f /etc/kamailio/kamailio.cfg -u kamailio -A WITH_LAST_GOOD_LIST -A "WITH_${MEDIA_RELAY^^}" >"$start_log" 2>&1 &
	pid=$!
	# waits while it runs: an emulated builder on a busy machine is slow
	for _ in {1..120}; do
		if kamcmd core.uptime; then answers=0 && break; fi
		kill -0 "$pid" || break
		sleep 1
	done
	kill "$pid" && wait "$pid"
	rm -rf /run/kamailio /var/lib/sip-proxy/dispatcher.list
	# its errors, or its last lines if it printed none
	if ((answers)); then
		mapfile -t lines < <(grep -m 5 -E 'ERROR|CRITICAL' "$start_log" || tail -n 5 "$start_log")
		faults+=("${lines[@]/#/kamailio: }")
	fi
	return "$answers"
}

step "verifying"
must "SSH host keys are left" none '/etc/ssh/ssh_host_*'
must "machine-id is not empty" test ! -s /etc/machine-id
must "cloud-init's state is left" test ! -e /var/lib/cloud/instance
must "authorized_keys are left" bash -c '! find /root /home -name authorized_keys | grep -q .'
must "shell histories are left" bash -c '! find /root /home -name ".*_history" | grep -q .'
must "apt's lists are left" none '/var/lib/apt/lists/*_Packages*'
must "a compiler is left" absent gcc
must "make is left" absent make
must "DKMS is left" absent dkms
must "a kernel's headers are left" none '/usr/src/linux-headers-*'
if [[ $KERNEL_MODULE == yes ]]; then
	must "kernel_forwarding: the kernel that boots, $(newest_kernel), has no module of $MEDIA_RELAY" has_kernel_module
fi
must "GRUB's menu names a kernel or initrd that is not there" boot_menu_is_whole
if [[ $UNATTENDED_UPGRADES == yes ]]; then
	must "unattended_upgrades: unattended-upgrades is not installed" installed unattended-upgrades
	must "unattended_upgrades: nothing upgrades the image's hosts" upgrades
	for package in kamailio ${relay_packages[@]+"${relay_packages[@]}"}; do
		must "unattended_upgrades: $package would be upgraded, and restarted under calls" leaves_alone "$package"
	done
else
	must "packages would be upgraded by themselves" not upgrades
fi
must "policy-rc.d is left" test ! -e /usr/sbin/policy-rc.d
must "the timer that ends a builder is in the image" no_bake_limit
must "a host's configuration is in the image" test ! -e /etc/sip-proxy/host.env

must "kamailio -c refuses the configuration" kamailio -c -f /etc/kamailio/kamailio.cfg
must "Kamailio does not start with the configuration" kamailio_starts
must "kamcmd is missing" command -v kamcmd
must "kamctl is missing" command -v kamctl
must "psql is missing" command -v psql
must "socat is missing" command -v socat
must "python3 is missing" command -v python3
must "psycopg2 is missing" python3 -c "import psycopg2"
must "dnspython is missing" python3 -c "import dns.resolver"
for module in dispatcher nathelper "$MEDIA_RELAY" db_postgres tls pike dialog xhttp_prom permissions; do
	must "Kamailio's module $module is missing" bash -c "find /usr/lib -name $module.so | grep -q ."
done
must "$MEDIA_RELAY is missing" command -v "$MEDIA_RELAY"

for unit in "$upload"/rootfs/etc/systemd/system/*.service; do
	name=$(basename "$unit")
	[[ $name == *@.service ]] && continue
	must "$name is not enabled" systemctl is-enabled --quiet "$name"
	must "$name runs on an image that is not configured" inactive "$name"
done
# the fleet's additions, after its scripts and the sealing
if [[ -d $upload/added ]]; then
	while IFS='=' read -r package _; do
		must "image.packages: $package is not installed" installed "$package"
	done <"$upload/added/packages"
	while IFS=$'\t' read -r _ mode owner path; do
		must "image.files: $path is not there any more with mode $mode, of $owner" is_file "$mode" "$owner" "$path"
	done <"$upload/added/files.list"
fi
if [[ -s $upload/sbom.cdx.json ]]; then
	must "the bill of materials is not in the image" cmp "$upload/sbom.cdx.json" /usr/share/sip-proxy/sbom.cdx.json
fi
must "something listens for SIP or media on an image that is not configured" no_listener

if ((${#faults[@]} > 0)); then
	printf 'BAKE FAILED: verify: %s\n' "${faults[@]}" >&2
	exit 1
fi

step "writing the manifest"
{
	printf '{\n'
	printf ' "os": "%s",\n' "$(. /etc/os-release && echo "$PRETTY_NAME")"
	printf ' "architecture": "%s",\n' "$(dpkg --print-architecture)"
	printf ' "kernel": "%s",\n' "$(newest_kernel)"
	printf ' "kamailio": "%s",\n' "$(kamailio -v | awk 'NR == 1 { print $3 }')"
	printf ' "mediaRelay": "%s",\n' "$MEDIA_RELAY"
	printf ' "mediaRelayVersion": "%s",\n' "$(relay_version | head -n 1 | tr -cd '[:alnum:].+:~-')"
	printf ' "kernelModule": %s,\n' "$(has_kernel_module && echo true || echo false)"
	printf ' "cloudInit": "%s",\n' "$(dpkg-query -W -f '${Version}' cloud-init)"
	if [[ -s $upload/sbom.cdx.json ]]; then
		printf ' "sbom": "sha256:%s",\n' "$(sha256sum <"$upload/sbom.cdx.json" | cut -d' ' -f1)"
	fi
	printf ' "usedKiB": %s,\n' "$(du --one-file-system -sk / 2>/dev/null | cut -f 1)"
	printf ' "checksums": {\n'
	for program in "$(command -v kamailio)" "$(command -v "$MEDIA_RELAY")"; do
		printf '  "%s": "sha256:%s",\n' "$program" "$(sha256sum <"$program" | cut -d' ' -f1)"
	done
	printf '  "/etc/kamailio": "sha256:%s"\n },\n' "$(cd /etc/kamailio && find . -type f | sort | xargs sha256sum | sha256sum | cut -d' ' -f1)"
	printf ' "packages": {\n'
	dpkg-query -W -f '  "${Package}": "${Version}",\n' | sort | sed '$ s/,$//'
	printf ' }\n}\n'
} >/tmp/sip-proxy-manifest.json
rm -f "$start_log"
