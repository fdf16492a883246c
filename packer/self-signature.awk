# Reads what `gpg --list-packets` prints of a key file. Fails when no primary key has a signature of its own over itself or a name of it
# (RFC 9580, 5.2.1: types 10 to 13, 1f) by a digest other than MD5 (1), SHA-1 (2) and RIPEMD-160 (3): apt of Debian 13 refuses such keys
# since February 2026 (its sqv has Sequoia's policy). Prints the key's id.
/^:public key packet/ { own = "" }
/^\tkeyid:/ && own == "" { own = $2; printf "%s", own }
/^:signature packet/ { by = $NF }
/sigclass/ { type = $NF }
/digest algo/ && by == own && type ~ /^0x1[0-3f]$/ && $3 + 0 > 3 { strong = 1 }
END { exit !strong }
