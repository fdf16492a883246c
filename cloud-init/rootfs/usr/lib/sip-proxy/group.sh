# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # shared with common.sh, host.env and those who source this
# What a group's host knows of itself, and how it speaks to its autoscaling group. Sourced, after aws.sh.

# Kept over reboots: a reboot in the middle goes on where it was.
lifecycle=$state/lifecycle

# Seconds between two looks.
look=${SIP_PROXY_LOOK:-5}

# Ends the script, successfully, on hosts that are in no group.
only_in_a_group() {
	load_host
	if [[ $KIND == group ]]; then return 0; fi
	say "not in an autoscaling group"
	exit 0
}

autoscaling() { aws_query autoscaling 2011-01-01 "$@" "AutoScalingGroupName=$GROUP" "InstanceId=$aws_instance"; }

# Prints what the group wants of this instance (Auto Scaling's names); nothing when it is in none.
wanted_state() { imds_get meta-data/autoscaling/target-lifecycle-state || (($? == 4)); }

# complete HOOK RESULT: 0 it is done; 2 no such hook waits (any more); 1 it cannot be said, and aws_reason says why.
complete() {
	aws_identity || return 1
	if autoscaling CompleteLifecycleAction "LifecycleHookName=$1" "LifecycleActionResult=$2"; then return 0; fi
	[[ $aws_code != ValidationError ]] || return 2
	say "cannot send $2 for $1 to the group: $aws_reason"
	return 1
}

# heartbeat HOOK TIMEOUT: three within the hook's heartbeat timeout (seconds), so that two may fail.
heartbeat() {
	if ((EPOCHSECONDS - ${last_heartbeat:-0} < $2 / 3)); then return 0; fi
	last_heartbeat=$EPOCHSECONDS
	if aws_identity && autoscaling RecordLifecycleActionHeartbeat "LifecycleHookName=$1"; then return 0; fi
	[[ $aws_code == ValidationError ]] || say "cannot send a heartbeat for $1: $aws_reason"
}

# The group is to replace this instance, also within the time that it gives new ones.
unhealthy() {
	if aws_identity && aws_query autoscaling 2011-01-01 SetInstanceHealth "InstanceId=$aws_instance" \
		HealthStatus=Unhealthy ShouldRespectGracePeriod=false; then return 0; fi
	say "cannot report this instance as unhealthy to the group: $aws_reason"
	return 1
}

# began NAME: since when (seconds since the epoch) something goes on, over reboots; now, when it is new.
began() {
	mkdir -p "$lifecycle"
	[[ -s $lifecycle/$1 ]] || printf '%s\n' "$EPOCHSECONDS" | write_file 644 - "$lifecycle/$1"
	cat "$lifecycle/$1"
}

# age NAME: for how many seconds.
age() {
	local since
	since=$(began "$1")
	printf '%s' $((EPOCHSECONDS > since ? EPOCHSECONDS - since : 0))
}

over() { rm -f "$lifecycle/$1"; }
