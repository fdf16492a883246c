#!/bin/bash
# moto's EC2: a terminated instance keeps its Elastic IP.
#
# Guess:     TerminateInstances disassociates the instance's Elastic IP, as EC2 does: the address is free for the next instance.
# Behaviour: DescribeAddresses still returns the address with the terminated instance. moto refuses AssociateAddress with another instance
#            (Resource.AlreadyAssociated) unless the request allows reassociation. A program that never takes an address from another
#            instance cannot replace one; a test must disassociate the address itself.
# Seen with: Debian 13: python3-moto 5.1.1, python3-boto3 1.37.9.
# Output:    terminated, holds the address: True, associating it elsewhere: Resource.AlreadyAssociated
#
# Needs root, mmdebstrap and a Debian mirror. Exit code 0: it is still so; 1: it has changed.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf --one-file-system "$work"' EXIT
tree=$work/tree

mmdebstrap --quiet --variant=apt --include=python3-moto,python3-boto3 trixie "$tree"
chroot "$tree" dpkg-query -W python3-moto python3-boto3

cat >"$tree/look.py" <<'PY'
import boto3
from botocore.exceptions import ClientError
from moto import mock_aws

with mock_aws():
    ec2 = boto3.client("ec2", region_name="eu-west-1", aws_access_key_id="test", aws_secret_access_key="test")
    image = ec2.describe_images()["Images"][0]["ImageId"]
    made = ec2.run_instances(ImageId=image, InstanceType="t3.medium", MinCount=2, MaxCount=2)["Instances"]
    old, new = (one["InstanceId"] for one in made)
    address = ec2.allocate_address(Domain="vpc")
    allocation = address["AllocationId"]
    ec2.associate_address(AllocationId=allocation, InstanceId=old)
    ec2.terminate_instances(InstanceIds=[old])
    state = ec2.describe_instances(InstanceIds=[old])["Reservations"][0]["Instances"][0]["State"]["Name"]
    held = ec2.describe_addresses(AllocationIds=[allocation])["Addresses"][0].get("InstanceId") == old
    try:
        ec2.associate_address(AllocationId=allocation, InstanceId=new, AllowReassociation=False)
        answer = "done"
    except ClientError as error:
        answer = error.response["Error"]["Code"]
    print(f"{state}, holds the address: {held}, associating it elsewhere: {answer}")
PY
said=$(chroot "$tree" python3 /look.py)
echo "$said"
[[ $said == "terminated, holds the address: True, associating it elsewhere: Resource.AlreadyAssociated" ]] || {
	echo "this has changed" >&2
	exit 1
}
