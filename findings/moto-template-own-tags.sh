#!/bin/bash
# moto's EC2: the tags of a launch template itself are shown as tags of what it launches.
#
# Guess:     DescribeLaunchTemplateVersions returns the TagSpecifications of LaunchTemplateData. CreateLaunchTemplate's own
#            TagSpecifications (ResourceType launch-template) are tags of the template, shown by DescribeLaunchTemplates.
# Behaviour: moto shows them in both: the version's data has one more item, of the resource type launch-template, which nobody may send in
#            LaunchTemplateData. A program that compares a template with what it would send finds a difference for ever, and makes a new
#            version each time. moto 5.1.1 (Debian 13) does not show them.
# Seen with: Debian unstable: python3-moto 5.2.4, python3-boto3 1.40.72.
# Output:    sent in the data: instance; read back: instance, launch-template
#
# Needs root, mmdebstrap and a Debian mirror. Exit code 0: it is still so; 1: it has changed.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf --one-file-system "$work"' EXIT
tree=$work/tree

# a mirror of unstable may be late
mmdebstrap --quiet --variant=apt --aptopt='Acquire::Check-Valid-Until "false"' --include=python3-moto,python3-boto3 unstable "$tree"
chroot "$tree" dpkg-query -W python3-moto python3-boto3

cat >"$tree/look.py" <<'PY'
import boto3
from moto import mock_aws


def tagged(kind):
    return [{"ResourceType": kind, "Tags": [{"Key": "fleet", "Value": "eu"}]}]


with mock_aws():
    ec2 = boto3.client("ec2", region_name="eu-west-1", aws_access_key_id="test", aws_secret_access_key="test")
    data = {"InstanceType": "t3.medium", "TagSpecifications": tagged("instance")}
    ec2.create_launch_template(
        LaunchTemplateName="template", LaunchTemplateData=data, TagSpecifications=tagged("launch-template")
    )
    version = ec2.describe_launch_template_versions(LaunchTemplateName="template")["LaunchTemplateVersions"][0]
    kinds = sorted(one["ResourceType"] for one in version["LaunchTemplateData"]["TagSpecifications"])
    print(f"sent in the data: instance; read back: {', '.join(kinds)}")
PY
said=$(chroot "$tree" python3 /look.py)
echo "$said"
[[ $said == "sent in the data: instance; read back: instance, launch-template" ]] || {
	echo "this has changed" >&2
	exit 1
}
