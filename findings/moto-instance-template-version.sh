#!/bin/bash
# moto's Auto Scaling: the launch template version of a group's instance is the template's default version.
#
# Guess:     DescribeAutoScalingGroups shows for each instance the version of the launch template that it was launched from, so that one
#            can see which instances a refresh has replaced.
# Behaviour: moto 5.2.4 shows the template's default version for all instances, though the instance was launched from the version of the
#            group (it has that version's type). A program that waits for instances of the new version waits for ever; a test must look at
#            what the instances have. moto 5.1.1 (Debian 13) shows the group's version.
# Seen with: Debian unstable: python3-moto 5.2.4, python3-boto3 1.40.72.
# Output:    the group launches version 2; its instance is a t3.large of version 2, shown as version 1
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

session = boto3.Session("test", "test", region_name="eu-west-1")
ec2, groups = (session.client(name) for name in ("ec2", "autoscaling"))
types = {"t3.medium": "1", "t3.large": "2"}

with mock_aws():
    image = ec2.describe_images()["Images"][0]["ImageId"]
    subnet = ec2.describe_subnets()["Subnets"][0]["SubnetId"]
    first, second = ({"ImageId": image, "InstanceType": name} for name in types)
    ec2.create_launch_template(LaunchTemplateName="template", LaunchTemplateData=first)
    ec2.create_launch_template_version(LaunchTemplateName="template", LaunchTemplateData=second)
    groups.create_auto_scaling_group(
        AutoScalingGroupName="group", MinSize=1, MaxSize=1, VPCZoneIdentifier=subnet,
        LaunchTemplate={"LaunchTemplateName": "template", "Version": "2"},
    )
    group = groups.describe_auto_scaling_groups(AutoScalingGroupNames=["group"])["AutoScalingGroups"][0]
    shown = group["Instances"][0]
    found = ec2.describe_instances(InstanceIds=[shown["InstanceId"]])
    kind = found["Reservations"][0]["Instances"][0]["InstanceType"]
    print(
        f"the group launches version {group['LaunchTemplate']['Version']}; "
        f"its instance is a {kind} of version {types[kind]}, shown as version {shown['LaunchTemplate']['Version']}"
    )
PY
said=$(chroot "$tree" python3 /look.py)
echo "$said"
[[ $said == "the group launches version 2; its instance is a t3.large of version 2, shown as version 1" ]] || {
	echo "this has changed" >&2
	exit 1
}
