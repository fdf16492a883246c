# shellcheck shell=bash
# shellcheck disable=SC2154,SC2034 # what common.sh and host.env set, and what media-relay is told
# Forwarding by the relay's kernel module: whether this host supports it, and uses it. Sourced, after common.sh.

# File beside the module: the relay's package and the version that the module was built for.
fits=$root/usr/share/sip-proxy/kernel-module-of

# The drop-in that makes the relay's unit use the module. If it exists, relay-watch maintains the nftables rules.
kernel_unit() { printf '%s' "$root/run/systemd/system/${RELAY_UNITS%%@*}@.service.d/kernel.conf"; }

# Contains yes, or no with the reason; relay-watch updates it.
kernel_state=$run/kernel-forwarding

# prepare_kernel: loads the module, and lets the relay use it from its next start on. Without the module, the relay works in user
# space. The relay needs CAP_NET_ADMIN for its nftables rules, which it writes itself.
prepare_kernel() {
	local drop_in why=""
	[[ -n $RELAY_KERNEL_MODULE ]] || return 0
	drop_in=$(kernel_unit)
	if load_module; then
		if [[ ! -f $drop_in ]]; then
			write_file 644 - "$drop_in" <<-UNIT
				[Service]
				CapabilityBoundingSet=CAP_NET_ADMIN
				AmbientCapabilities=CAP_NET_ADMIN
				Environment="KERNEL_ARGUMENTS=$RELAY_KERNEL_ARGUMENTS"
			UNIT
			systemctl daemon-reload
		fi
		write_file 644 - "$kernel_state" <<<"yes"
		return
	fi
	if [[ -f $drop_in ]]; then rm "$drop_in" && systemctl daemon-reload; fi
	write_file 644 - "$kernel_state" <<<"no: $why"
}

# Loads the module, or sets `why` it cannot.
load_module() {
	local kernel refusal package version
	kernel=$(uname -r)
	if [[ $KERNEL_FORWARDING == no ]]; then
		why="kernel_forwarding is false"
	elif systemd-detect-virt --quiet --container; then
		why="containers do not have their own kernel"
	elif [[ ! -s $fits ]]; then
		why="the image has no module for it"
	elif read -r package version <"$fits" && [[ $(dpkg-query -W -f '${Version}' "$package") != "$version" ]]; then
		why="the module in the image is for $package $version"
	elif loaded_by_systemd; then
		return 0
	elif [[ -z $refusal ]]; then
		why="the image has no module for the running kernel $kernel"
	else
		why="the kernel rejects the module: ${refusal##*: } (with Secure Boot it accepts signed modules only)"
	fi
	return 1
}

# Lets systemd load the module, because this service may not. Sets `refusal` to modprobe's last line; empty if there is no such module.
loaded_by_systemd() {
	local unit=modprobe@$RELAY_KERNEL_MODULE.service
	systemctl start "$unit" || true
	if [[ -d $root/sys/module/$RELAY_KERNEL_MODULE ]]; then return 0; fi
	refusal=$(journalctl --quiet --boot --identifier=modprobe --unit="$unit" --lines=1 --output=cat) || true
	return 1
}

# Sets `by` to where the running relay forwards packets (kernel or user space); fails if the kernel is required but not used.
look_at_kernel() {
	local state
	[[ -n $RELAY_KERNEL_MODULE ]] || return 0
	state=$(<"$kernel_state")
	if [[ $state == yes && $(table_owner) != "$(systemctl show --property=MainPID --value "${RELAY_UNITS%% *}")" ]]; then
		state="no: $MEDIA_RELAY does not use its table of the module"
		write_file 644 - "$kernel_state" <<<"$state"
	fi
	if [[ $state == yes ]]; then
		by="; packets are forwarded in the kernel"
		return
	fi
	by="; packets go through user space: ${state#no: }"
	[[ $KERNEL_FORWARDING != yes ]] || die "kernel_forwarding is true, but packets go through user space: ${state#no: }" "see docs/images.md, Forwarding in the kernel"
}

# Prints the process that uses the module's table 0.
table_owner() { awk '/^Control PID:/ { print $3 }' "$root/proc/$MEDIA_RELAY/0/status" 2>/dev/null || true; }
