# shellcheck shell=bash
# The instance metadata service, version 2. Sourced.

imds=http://169.254.169.254/latest

# imds_get PATH: prints what is there. Returns 4 when there is no such thing (404), 1 when nobody answers.
imds_get() {
	local token answer
	token=$(imds_curl -X PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 60' "$imds/api/token") || return 1
	# the token opens the role's credentials: it stands in no argument
	answer=$(imds_curl --config <(printf 'header = "X-aws-ec2-metadata-token: %s"\n' "$token") -w '\n%{http_code}' "$imds/$1") || {
		[[ ${answer##*$'\n'} != 404 ]] || return 4
		return 1
	}
	printf '%s' "${answer%$'\n'*}"
}

# The service is on this machine's link: no proxy, and no long wait.
imds_curl() { curl --silent --fail --noproxy '*' --max-time 2 "$@"; }

# imds_has_no PATH: true when the service says that there is no such thing.
imds_has_no() {
	local status=0
	imds_get "$1" >/dev/null || status=$?
	((status == 4))
}
