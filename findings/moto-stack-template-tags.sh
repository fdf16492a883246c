#!/bin/bash
# moto's CloudFormation: a launch template of a stack does not tag its instances.
#
# Guess:     A stack's AWS::EC2::LaunchTemplate with LaunchTemplateData.TagSpecifications tags the instances of a group, like a template of
#            CreateLaunchTemplate.
# Behaviour: moto stores LaunchTemplateData with CloudFormation's names (TagSpecifications, Tags), but reads the names of EC2's requests
#            (TagSpecification, Tag) for a launch: the instances only have their group's tag. A program that finds its instances by tags
#            finds none; a test must tag them itself.
# Seen with: Debian 13: python3-moto 5.1.1, python3-boto3 1.37.9.
# Output:    instances of the stack's group: aws:autoscaling:groupName; of the same group made by calls: aws:autoscaling:groupName, fleet
#
# Needs root, mmdebstrap and a Debian mirror. Exit code 0: it is still so; 1: it has changed.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf --one-file-system "$work"' EXIT
tree=$work/tree

mmdebstrap --quiet --variant=apt --include=python3-moto,python3-boto3,python3-openapi-spec-validator trixie "$tree"
chroot "$tree" dpkg-query -W python3-moto python3-boto3

cat >"$tree/look.py" <<'PY'
import json
import boto3
from moto import mock_aws

session = boto3.Session("test", "test", region_name="eu-west-1")
ec2, groups, stacks = (session.client(name) for name in ("ec2", "autoscaling", "cloudformation"))
tagged = [{"ResourceType": "instance", "Tags": [{"Key": "fleet", "Value": "eu"}]}]


def tags_in(group):
    found = ec2.describe_instances(Filters=[{"Name": "tag:aws:autoscaling:groupName", "Values": [group]}])
    instance = found["Reservations"][0]["Instances"][0]
    return ", ".join(sorted(tag["Key"] for tag in instance["Tags"]))


with mock_aws():
    image = ec2.describe_images()["Images"][0]["ImageId"]
    subnet = ec2.describe_subnets()["Subnets"][0]["SubnetId"]
    data = {"ImageId": image, "InstanceType": "t3.medium", "TagSpecifications": tagged}
    latest = {"Fn::GetAtt": ["Template", "LatestVersionNumber"]}
    stacks.create_stack(
        StackName="stack",
        TemplateBody=json.dumps({"Resources": {
            "Template": {"Type": "AWS::EC2::LaunchTemplate", "Properties": {"LaunchTemplateData": data}},
            "Group": {"Type": "AWS::AutoScaling::AutoScalingGroup", "Properties": {
                "AutoScalingGroupName": "of-stack", "MinSize": "1", "MaxSize": "1", "VPCZoneIdentifier": [subnet],
                "LaunchTemplate": {"LaunchTemplateId": {"Ref": "Template"}, "Version": latest}}},
        }}),
    )
    ec2.create_launch_template(LaunchTemplateName="by-calls", LaunchTemplateData=data)
    groups.create_auto_scaling_group(
        AutoScalingGroupName="by-calls", MinSize=1, MaxSize=1, VPCZoneIdentifier=subnet,
        LaunchTemplate={"LaunchTemplateName": "by-calls", "Version": "1"},
    )
    print(f"instances of the stack's group: {tags_in('of-stack')}; of the same group made by calls: {tags_in('by-calls')}")
PY
said=$(chroot "$tree" python3 /look.py)
echo "$said"
[[ $said == "instances of the stack's group: aws:autoscaling:groupName; of the same group made by calls: aws:autoscaling:groupName, fleet" ]] || {
	echo "this has changed" >&2
	exit 1
}
