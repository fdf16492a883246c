# shellcheck shell=bash
# shellcheck disable=SC2034 # those who source it use the variables
# What the host's scripts share. Sourced, never run.

# Where things lie; tests put another root in front.
root=${SIP_PROXY_ROOT:-}
etc=$root/etc/sip-proxy
run=$root/run/sip-proxy
state=$root/var/lib/sip-proxy
# What AWS answered: of each unit that is not root a folder of its own.
cache=${SIP_PROXY_CACHE:-$run}
lib=${SIP_PROXY_LIB:-/usr/lib/sip-proxy}

# Whose process Kamailio is; empty in tests that are not root.
kamailio_user=${SIP_PROXY_USER-kamailio}

# A step of the boot exports SIP_PROXY_STEP: what it and its helpers say last is why it is not done (see lifecycle).
say() {
	printf 'sip-proxy: %s\n' "$*"
	if [[ -n ${NOTIFY_SOCKET:-} ]]; then systemd-notify --status="$*" || true; fi
	if [[ -n ${SIP_PROXY_STEP:-} ]]; then
		# memory can be full as well
		{ mkdir -p "$run/said" && printf '%s' "$*" >"$run/said/$SIP_PROXY_STEP"; } 2>/dev/null || true
	fi
}

# say_new TEXT: says what was not said by it the last time.
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

# The host's settings. Without them nothing runs: an image is not a host.
load_host() {
	[[ -r $etc/host.env ]] || die "$etc/host.env is missing" "launch the image with user-data from: sip-proxy user-data FLEET NAME"
	# shellcheck source=cloud-init/rootfs/usr/lib/sip-proxy/host-defaults.sh
	. "$lib/host-defaults.sh"
	# shellcheck source=/dev/null
	. "$etc/host.env"
	relay_defaults
}

# How psql and Kamailio reach the database; written by configure at every boot.
load_database() {
	set -a
	# shellcheck source=/dev/null
	. "$run/database.env"
	set +a
}

# One transaction or nothing: -f alone goes on after an error and exits 0. A silent server is given up after DATABASE_PATIENCE seconds.
psql_strict() {
	timeout --kill-after=1 "${DATABASE_PATIENCE:-60}" psql --no-psqlrc --quiet --set=ON_ERROR_STOP=1 --host="$PGHOST" --port="$PGPORT" "$@"
}

# poll BETWEEN LIMIT FIRST MOST COMMAND...: tries COMMAND until it succeeds, first FIRST tenths of a second apart, then twice as
# long and so on up to MOST. Fails when it has not succeeded after LIMIT seconds (0: never). BETWEEN is called before each pause,
# with the number of the attempt, the name of COMMAND and the pause in seconds. (Time is the kernel's: bash's SECONDS follows a clock that
# is set.)
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

# wait_for LIMIT COMMAND...: until it succeeds, looking once a second at last; silently.
wait_for() { poll : "$1" 1 10 "${@:2}"; }

# retry LIMIT COMMAND...: until it succeeds, waiting 0.1, 0.2, 0.4 ... up to 30 s in between; tells each attempt that failed.
retry() { poll tell_attempt "$1" 1 300 "${@:2}"; }

tell_attempt() { printf 'sip-proxy: attempt %s of "%s" failed, again in %s s\n' "$@"; }

# insist MESSAGE HINT COMMAND...: until it succeeds. After two minutes it says what is wrong and what to do, and goes on
# trying: what is missing may still come. Where SIP_PROXY_WAIT is set, that many seconds are all.
insist() {
	local message=$1 hint=$2
	shift 2
	if retry "${SIP_PROXY_WAIT:-120}" "$@"; then return 0; fi
	if [[ -n ${SIP_PROXY_WAIT:-} ]]; then die "$message" "$hint"; fi
	printf 'sip-proxy: FAILED: %s\nsip-proxy: what to do: %s\n' "$message" "$hint"
	retry 0 "$@"
}

# ask_udp ADDRESS PORT SECONDS: sends standard input as one datagram; prints the datagram that answers it, as soon as it is there.
# Fails when none comes in that time, and at once where nobody listens.
ask_udp() {
	local port answer
	exec {port}<>"/dev/udp/$1/$2"
	# dd, because bash would send each line as a datagram of its own
	dd bs=65536 iflag=fullblock status=none >&"$port" || true
	answer=$(timeout "$3" dd bs=65536 count=1 status=none <&"$port" 2>/dev/null | tr -d '\0') || true
	exec {port}<&-
	[[ -n $answer ]] && printf '%s' "$answer"
}

# write_file MODE OWNER PATH: standard input becomes PATH, whole or not at all.
write_file() {
	local mode=$1 owner=$2 path=$3 new=$3.new.$BASHPID
	mkdir -p "$(dirname "$path")"
	if (umask 077 && cat >"$new") && chmod "$mode" "$new" && { [[ $owner == - ]] || chown "$owner" "$new"; } && mv -f "$new" "$path"; then
		return 0
	fi
	rm -f "$new"
	return 1
}

# What write_file was writing when the host, or its process, was ended.
remove_unfinished() { find "$etc" "$state" "$root/etc/kamailio" "$run" -name '*.new.*' -type f -delete 2>/dev/null || true; }
