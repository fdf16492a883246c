# shellcheck shell=bash
# shellcheck disable=SC2154 # what common.sh sets
# Calls to AWS with the instance's role. curl signs them (SigV4). Credentials come from the metadata service and are never
# arguments of a program. Sourced, after common.sh and metadata.sh.
#
# aws_query and aws_json set aws_answer to the body of the answer. If they fail, aws_code and aws_reason contain the reason. Calls
# are repeated if that may help.

# An endpoint in host.env, such as a local emulator, is used for all services. Otherwise each service has an endpoint in the region.
# aws_host replaces the host, and aws_path sets a path.
aws_url() { printf '%s/%s' "${AWS_ENDPOINT_URL:-https://${aws_host:-$1.$aws_region.$aws_domain}}" "${aws_path:-}"; }

# aws_query SERVICE VERSION ACTION [NAME=VALUE...]: the Query protocol (EC2, Auto Scaling, CloudWatch).
aws_query() {
	local service=$1 version=$2 action=$3 pair
	shift 3
	local data=(--data-urlencode "Action=$action" --data-urlencode "Version=$version")
	for pair in "$@"; do data+=(--data-urlencode "$pair"); done
	aws_call "$service" "$action" -H 'Content-Type: application/x-www-form-urlencoded; charset=utf-8' "${data[@]}"
}

# aws_json SERVICE TARGET BODY: the JSON protocol (Secrets Manager, SSM).
aws_json() {
	aws_call "$1" "${2#*.}" -H 'Content-Type: application/x-amz-json-1.1' -H "X-Amz-Target: $2" --data-binary "$3"
}

# aws_call SERVICE ACTION CURL-OPTION...: up to five attempts, after pauses of 1, 2, 4 and 8 s at most.
aws_call() {
	local attempt service=$1 action=$2
	shift 2
	for attempt in 1 2 3 4 5; do
		if aws_identity && aws_credentials; then
			if aws_attempt "$service" "$@"; then return 0; fi
			aws_reason="$action: $aws_reason"
		fi
		if ! aws_worth_another; then return 1; fi
		if ((attempt < 5)); then aws_pause "$attempt"; fi
	done
	return 1
}

# Random, so that hosts that start together do not repeat calls together.
aws_pause() {
	local most=$((1000 * 2 ** ($1 - 1)))
	sleep "$(printf '%d.%03d' $((RANDOM % most / 1000)) $((RANDOM % 1000)))"
}

aws_worth_another() {
	case $aws_code in
	unreachable | 5[0-9][0-9] | InternalError | InternalFailure | InternalServiceError | ServiceUnavailable* | Unavailable) ;;
	*Throttl* | RequestLimitExceeded | PriorRequestNotComplete | TooManyRequests* | SlowDown) ;;
	ExpiredToken* | RequestExpired | InvalidClientTokenId) rm -f "$cache/aws/credentials" ;;
	*) return 1 ;;
	esac
}

aws_attempt() {
	local service=$1 answer status
	shift
	aws_answer="" aws_code=unreachable aws_reason="$(aws_url "$service") cannot be reached"
	answer=$(curl --silent --http1.1 --connect-timeout 5 --max-time 20 \
		--aws-sigv4 "aws:amz:$aws_region:$service" --config <(aws_secrets) -w '\n%{http_code}' "$@" "$(aws_url "$service")") || return 1
	status=${answer##*$'\n'}
	aws_answer=${answer%$'\n'*}
	if [[ $status == 200 ]]; then return 0; fi
	aws_read_error "$status"
	return 1
}

# Configuration for curl, instead of arguments. (read-answer ensures that values contain no quotes or backslashes.)
aws_secrets() { printf 'user = "%s:%s"\nheader = "X-Amz-Security-Token: %s"\n' "$aws_key" "$aws_secret" "$aws_token"; }

# aws_read_error STATUS: reads AWS' error from the answer. A page of a proxy or captive portal has none.
aws_read_error() {
	local found message=""
	aws_code=$1
	if found=$("$lib/read-answer" error <<<"$aws_answer" 2>/dev/null); then
		aws_code=${found%%$'\n'*}
		if [[ $found == *$'\n'* ]]; then message=${found#*$'\n'}; fi
	else
		message="an answer that is not AWS'"
	fi
	aws_reason="$aws_code${message:+ ($message)}"
}

# Sets the identity of this instance: aws_instance, aws_region, aws_domain; cached for the whole boot. (aws_elsewhere selects another
# region.)
aws_identity() {
	local file=$cache/aws/identity found
	if [[ ! -r $file ]]; then
		aws_code=unreachable aws_reason="the instance metadata service (IMDSv2) does not answer"
		found=$(aws_ask_identity) || return 1
		write_file 644 - "$file" <<<"$found"
	fi
	# shellcheck disable=SC2034 # those who source this use aws_instance
	read -r aws_instance aws_region aws_domain <"$file"
	aws_region=${aws_elsewhere:-$aws_region}
}

aws_ask_identity() {
	local instance region domain
	instance=$(imds_get meta-data/instance-id) && region=$(imds_get meta-data/placement/region) || return 1
	domain=$(imds_get meta-data/services/domain) || domain=amazonaws.com
	printf '%s %s %s' "$instance" "$region" "$domain"
}

# Sets the role's credentials: aws_key, aws_secret, aws_token. They are cached in memory until five minutes before they expire.
aws_credentials() {
	local file=$cache/aws/credentials found expires=0
	if [[ -r $file ]]; then read -r expires aws_key aws_secret aws_token <"$file"; fi
	if ((expires - 300 > EPOCHSECONDS)); then return 0; fi
	found=$(aws_ask_credentials) || {
		aws_code=unreachable aws_reason="the metadata service returns no credentials"
		if imds_has_no meta-data/iam/security-credentials/; then aws_code=NoRole aws_reason="the instance has no role (instance profile)"; fi
		return 1
	}
	write_file 600 - "$file" <<<"$found"
	read -r expires aws_key aws_secret aws_token <<<"$found"
}

# Prints their expiry (seconds since the epoch), and the three parts.
aws_ask_credentials() {
	local role document
	role=$(imds_get meta-data/iam/security-credentials/) || return 1
	document=$(imds_get "meta-data/iam/security-credentials/${role%%$'\n'*}") || return 1
	printf '%s' "$document" | "$lib/read-answer" credentials
}
