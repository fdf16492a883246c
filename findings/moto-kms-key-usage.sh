#!/bin/bash
# moto's KMS: a key created without KeyUsage has none, although a key created without KeySpec gets the default.
#
# Guess:     CreateKey without KeyUsage creates a key for ENCRYPT_DECRYPT, as KMS reports in DescribeKey for every symmetric key.
# Behaviour: CreateKey and DescribeKey answer without KeyUsage, but with KeySpec (SYMMETRIC_DEFAULT). A program that checks whether a key
#            can encrypt takes it for a key with another usage. Give KeyUsage when a test creates a key.
# Seen with: Debian 13: python3-moto 5.1.1, python3-boto3 1.37.9.
# Output:    without KeyUsage: created None, described None, SYMMETRIC_DEFAULT / named: ENCRYPT_DECRYPT
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
