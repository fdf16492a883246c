# shellcheck shell=bash
# The capacity of this host. Sourced after common.sh.

# Prints the most simultaneous calls: max_calls, or the limit by ports and cores. 0: no limit, with user-data of release 0.1.0.
call_limit() {
	local cores held
	if [[ -n ${MAX_CALLS:-} || -z ${CALLS_PER_CORE:-} ]]; then
		printf '%s' "${MAX_CALLS:-0}"
		return
	fi
	cores=$(nproc)
	held=$((cores * CALLS_PER_CORE))
	printf '%s' "$((held < CALLS_IN_RANGE ? held : CALLS_IN_RANGE))"
}

# tell_capacity LIMIT: warns if the fleet file expects more calls.
tell_capacity() {
	local limit=$1
	if ((limit == 0)); then return; fi
	if ((limit < ${EXPECTED_CALLS:-0})); then
		say "WARNING: expected_calls is $EXPECTED_CALLS, but this host takes $limit calls at once: it has $(nproc) cores (calls_per_core $CALLS_PER_CORE, max_calls ${MAX_CALLS:-not given})"
	else
		say "takes up to $limit calls at once"
	fi
}
