# shellcheck shell=bash
# shellcheck disable=SC2034 # those who source it use the variables
# Functions and variables of the host's scripts. Sourced, never run.

# Paths; tests set another root.
root=${SIP_PROXY_ROOT:-}
etc=$root/etc/sip-proxy
run=$root/run/sip-proxy
state=$root/var/lib/sip-proxy
# Cache for answers of AWS; each unit that is not root has a separate folder.
cache=${SIP_PROXY_CACHE:-$run}
lib=${SIP_PROXY_LIB:-/usr/lib/sip-proxy}

# Kamailio's user; empty in tests that do not run as root.
kamailio_user=${SIP_PROXY_USER-kamailio}

# Boot steps export SIP_PROXY_STEP: the last message of a step and its helpers is kept as the reason why it is not done (see lifecycle).
say() {
	printf 'sip-proxy: %s\n' "$*"
	set_status "$*"
	if [[ -n ${SIP_PROXY_STEP:-} ]]; then
		# /run can be full too
		{ mkdir -p "$run/said" && printf '%s' "$*" >"$run/said/$SIP_PROXY_STEP"; } 2>/dev/null || true
	fi
}

# set_status TEXT: the status of the unit, without a line in its log.
set_status() { if [[ -n ${NOTIFY_SOCKET:-} ]]; then systemd-notify --status="$1" || true; fi; }

# say_new TEXT: prints TEXT unless it was its last message.
say_new() {
	[[ $1 != "${told:-}" ]] || return 0
	told=$1
	say "$1"
}

die() {
	say "FAILED: $1"
	[[ -n ${2:-} ]] && printf 'sip-proxy: what to do: %s\n' "$2"
	exit 1
}

# Loads the host's settings. Without them, scripts end: an image without user-data is not a host.
load_host() {
	[[ -r $etc/host.env ]] || die "$etc/host.env is missing" "launch the image with user-data from: sip-proxy user-data FLEET NAME"
	# shellcheck source=cloud-init/rootfs/usr/lib/sip-proxy/host-defaults.sh
	. "$lib/host-defaults.sh"
	# shellcheck source=/dev/null
	. "$etc/host.env"
	relay_defaults
}

# Loads the database access of psql and Kamailio, which configure writes at every boot.
load_database() {
	set -a
	# shellcheck source=/dev/null
	. "$run/database.env"
	set +a
}

# Runs psql in one transaction: -f alone would continue after an error and exit with 0. The timeout is DATABASE_PATIENCE seconds.
psql_strict() {
	timeout --kill-after=1 "${DATABASE_PATIENCE:-60}" psql --no-psqlrc --quiet --set=ON_ERROR_STOP=1 --host="$PGHOST" --port="$PGPORT" "$@"
}

# poll BETWEEN LIMIT FIRST MOST COMMAND...: repeats COMMAND until it succeeds. The pause is FIRST tenths of a second, then doubles
# up to MOST. Fails after LIMIT seconds (0: never). BETWEEN is called before each pause, with the number of the attempt, the name
# of COMMAND and the pause in seconds. (Uses the kernel's uptime: bash's SECONDS changes when the clock is set.)
poll() {
	local between=$1 limit=$2 pause=$3 most=$4 attempt=1 since now seconds
	shift 4
	read -r since _ </proc/uptime
	until "$@"; do
		read -r now _ </proc/uptime
		if ((limit > 0 && (${now%.*} - ${since%.*}) * 10 + pause > limit * 10)); then return 1; fi
		seconds=$((pause / 10)).$((pause % 10))
		"$between" "$attempt" "$1" "$seconds"
		sleep "$seconds"
		((attempt += 1, pause = pause * 2 < most ? pause * 2 : most))
	done
}

# wait_for LIMIT COMMAND...: repeats COMMAND silently until it succeeds, at least once a second.
wait_for() { poll : "$1" 1 10 "${@:2}"; }

# retry LIMIT COMMAND...: repeats COMMAND until it succeeds, with pauses of 0.1, 0.2, 0.4 ... up to 30 s; reports each failure.
retry() { poll tell_attempt "$1" 1 300 "${@:2}"; }

tell_attempt() { printf 'sip-proxy: attempt %s of "%s" failed, again in %s s\n' "$@"; }

# insist MESSAGE HINT COMMAND...: repeats COMMAND until it succeeds. After two minutes it reports MESSAGE and HINT, and
# continues, because the cause may still disappear. SIP_PROXY_WAIT sets a limit in seconds.
insist() {
	local message=$1 hint=$2
	shift 2
	if retry "${SIP_PROXY_WAIT:-120}" "$@"; then return 0; fi
	if [[ -n ${SIP_PROXY_WAIT:-} ]]; then die "$message" "$hint"; fi
	printf 'sip-proxy: FAILED: %s\nsip-proxy: what to do: %s\n' "$message" "$hint"
	retry 0 "$@"
}

# ask_udp ADDRESS PORT SECONDS: sends standard input as one datagram, and prints the answer. Fails if there is none in this time, or
# immediately if no program listens.
ask_udp() {
	local port answer
	exec {port}<>"/dev/udp/$1/$2"
	# dd, because bash would send each line as a separate datagram
	dd bs=65536 iflag=fullblock status=none >&"$port" || true
	answer=$(timeout "$3" dd bs=65536 count=1 status=none <&"$port" 2>/dev/null | tr -d '\0') || true
	exec {port}<&-
	[[ -n $answer ]] && printf '%s' "$answer"
}

# write_file MODE OWNER PATH: writes standard input to PATH atomically.
write_file() {
	local mode=$1 owner=$2 path=$3 new=$3.new.$BASHPID
	mkdir -p "$(dirname "$path")"
	if (umask 077 && cat >"$new") && chmod "$mode" "$new" && { [[ $owner == - ]] || chown "$owner" "$new"; } && mv -f "$new" "$path"; then
		return 0
	fi
	rm -f "$new"
	return 1
}

# Removes files that write_file has not finished because it was killed.
remove_unfinished() { find "$etc" "$state" "$root/etc/kamailio" "$run" -name '*.new.*' -type f -delete 2>/dev/null || true; }
