#!/bin/bash
# moto's CloudWatch: moto accepts requests of the JSON protocol, which the AWS SDK for JavaScript uses, but loses every list in them.
#
# Guess:     moto reads an alarm from a JSON request like one from the query protocol, or refuses a protocol that it does not support.
# Behaviour: moto answers 200 and stores the alarm without its dimensions, actions and tags. The answer is XML, which the SDK cannot read:
#            the SDK reports an error ("Unexpected token '<'"), although the alarm exists. With the query protocol, the same alarm is stored
#            completely.
# Seen with: Debian 13: python3-moto 5.1.1; @aws-sdk/client-cloudwatch 3.1164.0 (AwsJson1_0).
# Output:    json: 1 alarm, 0 dimensions, 0 actions; SyntaxError / query: 1 dimension, 1 action
#
# Needs root, mmdebstrap, node with npm, curl, and a Debian mirror. Exit code 0: it is still so; 1: it has changed.
set -euo pipefail

work=$(mktemp -d)
tree=$work/tree
cleanup() {
	kill "${server:-}" 2>/dev/null || true
	wait 2>/dev/null || true
	umount "$tree/proc" 2>/dev/null || true
	rm -rf --one-file-system "$work"
}
trap cleanup EXIT

mmdebstrap --quiet --variant=apt --include=python3-moto,python3-flask-cors,python3-openapi-spec-validator trixie "$tree"
chroot "$tree" dpkg-query -W python3-moto
mount -t proc proc "$tree/proc"
port=15099
chroot "$tree" python3 -m moto.server -H 127.0.0.1 -p "$port" >"$work/moto.log" 2>&1 &
server=$!
ready() { curl -s -o /dev/null "http://127.0.0.1:$port/moto-api/data.json"; }
for ((i = 0; i < 120; i++)); do
	if ready; then break; fi
	sleep 1
done
ready

cd "$work"
npm install --silent --no-save @aws-sdk/client-cloudwatch@3.1164.0
cat >put.mjs <<'JS'
import { CloudWatchClient, PutMetricAlarmCommand } from "@aws-sdk/client-cloudwatch";
const credentials = { accessKeyId: "test", secretAccessKey: "test" };
const client = new CloudWatchClient({ endpoint: process.argv[2], region: "eu-west-1", credentials, maxAttempts: 1 });
const alarm = {
  AlarmName: "by-json",
  Namespace: "Test",
  MetricName: "Calls",
  Dimensions: [{ Name: "Group", Value: "one" }],
  AlarmActions: ["arn:aws:sns:eu-west-1:123456789012:topic"],
  Statistic: "Sum",
  Period: 60,
  EvaluationPeriods: 1,
  Threshold: 1,
  ComparisonOperator: "LessThanThreshold",
};
await client.send(new PutMetricAlarmCommand(alarm)).then(
  () => console.log("read"),
  (error) => console.log(error.name),
);
JS
said=$(node put.mjs "http://127.0.0.1:$port" 2>/dev/null)

ask() {
	curl -s "http://127.0.0.1:$port/" -H 'Authorization: AWS4-HMAC-SHA256 Credential=test/20260101/eu-west-1/monitoring/aws4_request, SignedHeaders=host, Signature=0' \
		--data-urlencode Version=2010-08-01 "$@"
}
ask -d Action=PutMetricAlarm -d AlarmName=by-query -d Namespace=Test -d MetricName=Calls -d Statistic=Sum -d Period=60 -d EvaluationPeriods=1 \
	-d Threshold=1 -d ComparisonOperator=LessThanThreshold -d Dimensions.member.1.Name=Group -d Dimensions.member.1.Value=one \
	--data-urlencode AlarmActions.member.1=arn:aws:sns:eu-west-1:123456789012:topic >/dev/null

# kept NAME: the number of alarms, dimensions and actions with that name.
kept() {
	local answer
	answer=$(ask -d Action=DescribeAlarms -d "AlarmNames.member.1=$1" | tr -d '\n')
	printf '%s alarm, %s dimensions, %s actions' "$(grep -o '<AlarmName>' <<<"$answer" | wc -l)" \
		"$(grep -o '<Name>Group</Name>' <<<"$answer" | wc -l)" "$(grep -o 'arn:aws:sns:' <<<"$answer" | wc -l)"
}
json=$(kept by-json)
query=$(kept by-query)
echo "json: $json; the SDK says $said / query: $query"
[[ $json == "1 alarm, 0 dimensions, 0 actions" && $said == SyntaxError && $query == "1 alarm, 1 dimensions, 1 actions" ]] || {
	echo "this has changed" >&2
	exit 1
}
