# shellcheck shell=bash
# The instance metadata service, version 2. Sourced.

imds=http://169.254.169.254/latest

# imds_get PATH: prints the value. Returns 4 if it does not exist (404), 1 without an answer.
imds_get() {
	local token answer
	token=$(imds_curl -X PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 60' "$imds/api/token") || return 1
	# the token gives access to the role's credentials, so it is not an argument
	answer=$(imds_curl --config <(printf 'header = "X-aws-ec2-metadata-token: %s"\n' "$token") -w '\n%{http_code}' "$imds/$1") || {
		[[ ${answer##*$'\n'} != 404 ]] || return 4
		return 1
	}
	printf '%s' "${answer%$'\n'*}"
}

# The service is link-local: no proxy, and a short timeout.
imds_curl() { curl --silent --fail --noproxy '*' --max-time 2 "$@"; }

# imds_has_no PATH: succeeds if the service answers that it does not exist.
imds_has_no() {
	local status=0
	imds_get "$1" >/dev/null || status=$?
	((status == 4))
}
