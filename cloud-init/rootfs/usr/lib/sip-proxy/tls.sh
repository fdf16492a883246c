# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # what those who source it use, and what common.sh, host.env and addresses.env set
# Certificate and key of the TLS listeners. Sourced, after common.sh and secrets.sh.

# The folder that Kamailio reads: a link to the current one, so that certificate and key change together.
tls=$run/tls

# Self-signed certificates are valid for ten years, and are renewed a month before they expire.
self_signed_days=3650
self_signed_renew=$((30 * 86400))

# write_tls SECRETS: activates the certificate in the folder SECRETS (tls_certificate, tls_private_key, tls_ca), or a self-signed one.
# Returns 0 after a change, 2 without one; 1 if it is not valid: then sets reason, and changes nothing.
write_tls() {
	local secrets=$1 new old
	new=$(mktemp -d "$run/tls.XXXXXX")
	if ! tls_files "$secrets" "$new"; then
		rm -rf "$new"
		return 1
	fi
	old=$(readlink "$tls" || true)
	if [[ -n $old ]] && diff -rq "$old" "$new" >/dev/null; then
		rm -rf "$new"
		return 2
	fi
	put_in_force "$new"
	previous_tls=$old
}

put_in_force() { ln -s "$1" "$1.link" && mv -T "$1.link" "$tls"; }

# tls_files SECRETS FOLDER: writes all files of such a folder.
tls_files() {
	local from=$1 to=$2
	if [[ ! -s $from/tls_certificate ]]; then
		self_signed || return 1
		from=$state/tls
	fi
	certificate_fits "$from/tls_certificate" "$from/tls_private_key" || return 1
	reason="the TLS files cannot be written below $run"
	chmod 755 "$to" || return 1
	write_file 644 - "$to/certificate.pem" <"$from/tls_certificate" || return 1
	readable_by_kamailio "$to/private_key.pem" <"$from/tls_private_key" || return 1
	if [[ -s $1/tls_ca ]]; then readable_by_kamailio "$to/ca.pem" <"$1/tls_ca" || return 1; fi
	tls_profiles "$to/ca.pem" | readable_by_kamailio "$to/tls.cfg"
}

readable_by_kamailio() { write_file 640 "${kamailio_user:+root:$kamailio_user}" "$1"; }

# has_begun CERTIFICATE: whether it is already valid, by this host's clock.
has_begun() {
	local start
	start=$(openssl x509 -in "$1" -noout -startdate 2>/dev/null) && (($(date -d "${start#*=}" +%s) <= $(date +%s)))
}

# certificate_end: prints the expiry of the current certificate, in seconds since 1970; fails if there is none.
certificate_end() {
	local end
	[[ -r $tls/certificate.pem ]] || return 1
	end=$(openssl x509 -in "$tls/certificate.pem" -noout -enddate) || return 1
	date -d "${end#*=}" +%s
}

# Checks the certificate now: otherwise Kamailio would only fail at its next start.
certificate_fits() {
	local certificate key
	certificate=$(openssl x509 -in "$1" -noout -pubkey 2>/dev/null) || {
		reason="tls_certificate is not a certificate in PEM"
		return 1
	}
	key=$(openssl pkey -in "$2" -pubout -passin pass: 2>/dev/null) || {
		reason="tls_private_key is not a private key in PEM, or needs a passphrase"
		return 1
	}
	if [[ $certificate != "$key" ]]; then
		reason="tls_private_key does not match tls_certificate"
		return 1
	fi
	if ! openssl x509 -in "$1" -noout -checkend 0 >/dev/null; then
		say "warning: tls_certificate has expired ($(openssl x509 -in "$1" -noout -enddate)), by this host's clock"
	elif ! has_begun "$1"; then
		say "warning: tls_certificate is not valid yet ($(openssl x509 -in "$1" -noout -startdate)), by this host's clock"
	fi
}

# Kept over boots. Made again if it expires soon, if the host's addresses have changed, or if it is not yet valid because the clock was ahead when it
# was made.
self_signed() {
	local names folder=$state/tls
	# shellcheck source=/dev/null
	. "$run/addresses.env"
	names="IP:$PRIVATE_IP,IP:$PUBLIC_IP"
	if [[ $(cat "$folder/names" 2>/dev/null) == "$names" ]] &&
		openssl x509 -in "$folder/tls_certificate" -noout -checkend "$self_signed_renew" >/dev/null 2>&1 && has_begun "$folder/tls_certificate"; then
		return
	fi
	mkdir -p "$folder" && chmod 700 "$folder"
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days "$self_signed_days" -subj "/CN=${HOST:0:64}" \
		-addext "subjectAltName=$names" -out "$folder/tls_certificate" -keyout "$folder/tls_private_key" 2>/dev/null || {
		reason="openssl cannot create a self-signed certificate"
		return 1
	}
	chmod 600 "$folder/tls_private_key"
	printf '%s' "$names" >"$folder/names"
	say "created a self-signed certificate for $names, valid for ${self_signed_days} days"
}

# tls_profiles CA: prints Kamailio's tls.cfg. With a CA, recorders need a certificate signed by it, and a platform's certificate, if any, must be valid.
tls_profiles() {
	local ca=() verify=no
	if [[ -s $1 ]]; then
		verify=yes
		ca=("ca_list = $tls/ca.pem")
	fi
	profile server:default "verify_certificate = $verify" "require_certificate = no" "${ca[@]}"
	profile client:default "verify_certificate = $verify" "require_certificate = $verify" "${ca[@]}"
}

profile() {
	printf '[%s]\nmethod = TLSv1.2+\ncertificate = %s\nprivate_key = %s\n' "$1" "$tls/certificate.pem" "$tls/private_key.pem"
	printf '%s\n' "${@:2}" ""
}
