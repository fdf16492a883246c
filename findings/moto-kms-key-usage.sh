#!/bin/bash
# moto's KMS: a key that is made without KeyUsage has none, though one that is made without KeySpec has the usual one.
#
# Guess:     CreateKey without KeyUsage makes a key for ENCRYPT_DECRYPT, as KMS says in DescribeKey of every symmetric key.
# Behaviour: CreateKey and DescribeKey answer without KeyUsage. KeySpec is filled in (SYMMETRIC_DEFAULT). A program that looks whether a key can
#            encrypt takes such a key for one of another use. Name KeyUsage when a test makes a key.
# Seen with: Debian 13: python3-moto 5.1.1, python3-boto3 1.37.9.
# Output:    without KeyUsage: created None, described None, SYMMETRIC_DEFAULT / named: ENCRYPT_DECRYPT
#
# Needs root, mmdebstrap and a Debian mirror. Exits 0 while it is so, 1 when it has changed.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf --one-file-system "$work"' EXIT
tree=$work/tree

mmdebstrap --quiet --variant=apt --include=python3-moto,python3-boto3 trixie "$tree"
chroot "$tree" dpkg-query -W python3-moto python3-boto3

cat >"$tree/look.py" <<'PY'
import boto3
from moto import mock_aws

with mock_aws():
    kms = boto3.client("kms", region_name="eu-west-1", aws_access_key_id="test", aws_secret_access_key="test")
    made = kms.create_key()["KeyMetadata"]
    seen = kms.describe_key(KeyId=made["KeyId"])["KeyMetadata"]
    named = kms.create_key(KeyUsage="ENCRYPT_DECRYPT")["KeyMetadata"]
    print(
        f"without KeyUsage: created {made.get('KeyUsage')}, described {seen.get('KeyUsage')}, {seen.get('KeySpec')}"
        f" / named: {named.get('KeyUsage')}"
    )
PY
said=$(chroot "$tree" python3 /look.py)
echo "$said"
[[ $said == "without KeyUsage: created None, described None, SYMMETRIC_DEFAULT / named: ENCRYPT_DECRYPT" ]] || {
	echo "this has changed" >&2
	exit 1
}
