# Reads the output of `gpg --list-packets` for a key file. Fails if no primary key has a self-signature on itself or a user id (RFC 9580,
# 5.2.1: types 10 to 13, 1f) with a digest other than MD5 (1), SHA-1 (2) and RIPEMD-160 (3): apt in Debian 13 refuses such keys since
# February 2026 (its sqv has Sequoia's policy). Prints the key's id.
/^:public key packet/ { own = "" }
/^\tkeyid:/ && own == "" { own = $2; printf "%s", own }
/^:signature packet/ { by = $NF }
/sigclass/ { type = $NF }
/digest algo/ && by == own && type ~ /^0x1[0-3f]$/ && $3 + 0 > 3 { strong = 1 }
END { exit !strong }
