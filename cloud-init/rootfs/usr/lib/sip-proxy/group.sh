# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # shared with common.sh, host.env and those who source this
# State of a group's host, and its calls to its autoscaling group. Sourced, after aws.sh.

# State that is kept over reboots, so that work continues after one.
lifecycle=$state/lifecycle

# Seconds between two checks.
look=${SIP_PROXY_LOOK:-5}

# Ends the script with success on single hosts.
only_in_a_group() {
	load_host
	if [[ $KIND == group ]]; then return 0; fi
	# not on the console, where it would be the last message of a host that is waiting for something else
	set_status "not in an autoscaling group"
	exit 0
}

autoscaling() { aws_query autoscaling 2011-01-01 "$@" "AutoScalingGroupName=$GROUP" "InstanceId=$aws_instance"; }

# Prints the target lifecycle state of this instance (Auto Scaling's names); nothing if it is in no group.
wanted_state() { imds_get meta-data/autoscaling/target-lifecycle-state || (($? == 4)); }

# complete HOOK RESULT: returns 0 if done; 2 if no such hook is waiting (any more); 1 if the call failed, with the reason in aws_reason.
complete() {
	aws_identity || return 1
	if autoscaling CompleteLifecycleAction "LifecycleHookName=$1" "LifecycleActionResult=$2"; then return 0; fi
	[[ $aws_code != ValidationError ]] || return 2
	say "cannot send $2 for $1 to the group: $aws_reason"
	return 1
}

# heartbeat HOOK TIMEOUT: sends a heartbeat three times within the hook's timeout (seconds), so that two may fail.
heartbeat() {
	if ((EPOCHSECONDS - ${last_heartbeat:-0} < $2 / 3)); then return 0; fi
	last_heartbeat=$EPOCHSECONDS
	if aws_identity && autoscaling RecordLifecycleActionHeartbeat "LifecycleHookName=$1"; then return 0; fi
	[[ $aws_code == ValidationError ]] || say "cannot send a heartbeat for $1: $aws_reason"
}

# Reports this instance as unhealthy, even in the grace period of a new one, so that the group replaces it.
unhealthy() {
	if aws_identity && aws_query autoscaling 2011-01-01 SetInstanceHealth "InstanceId=$aws_instance" \
		HealthStatus=Unhealthy ShouldRespectGracePeriod=false; then return 0; fi
	say "cannot report this instance as unhealthy to the group: $aws_reason"
	return 1
}

# began NAME: prints when something began (seconds since the epoch), kept over reboots; the current time if it is new.
began() {
	mkdir -p "$lifecycle"
	[[ -s $lifecycle/$1 ]] || printf '%s\n' "$EPOCHSECONDS" | write_file 644 - "$lifecycle/$1"
	cat "$lifecycle/$1"
}

# age NAME: prints how many seconds ago it began.
age() {
	local since
	since=$(began "$1")
	printf '%s' $((EPOCHSECONDS > since ? EPOCHSECONDS - since : 0))
}

over() { rm -f "$lifecycle/$1"; }
