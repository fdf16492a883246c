# shellcheck shell=bash
# shellcheck disable=SC2154,SC2034 # what common.sh and host.env set, and what media-relay is told
# Forwarding by the relay's module of the kernel: whether this host can, and does. Sourced, after common.sh.

# Beside the module: the package of the relay whose version it fits, and that version.
fits=$root/usr/share/sip-proxy/kernel-module-of

# The drop-in of the relay's unit with which it uses the module. Where it is, relay-watch keeps the nftables rules.
kernel_unit() { printf '%s' "$root/run/systemd/system/${RELAY_UNITS%%@*}@.service.d/kernel.conf"; }

# yes, or no and why; relay-watch keeps it in step.
kernel_state=$run/kernel-forwarding

# prepare_kernel: loads the module and lets the relay use it from its next start on; where it cannot be, the relay works in user
# space. CAP_NET_ADMIN is for its nftables rules, which only it knows how to write.
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

# Where it cannot be loaded, sets `why`.
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

# This service may load none itself. Sets `refusal` to modprobe's last word; it has none on a module that is not there.
loaded_by_systemd() {
	local unit=modprobe@$RELAY_KERNEL_MODULE.service
	systemctl start "$unit" || true
	if [[ -d $root/sys/module/$RELAY_KERNEL_MODULE ]]; then return 0; fi
	refusal=$(journalctl --quiet --boot --identifier=modprobe --unit="$unit" --lines=1 --output=cat) || true
	return 1
}

# Sets `by` to where packets are forwarded, now that the relay runs; fails where that is not what must be.
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

# The process that has the module's table 0.
table_owner() { awk '/^Control PID:/ { print $3 }' "$root/proc/$MEDIA_RELAY/0/status" 2>/dev/null || true; }
