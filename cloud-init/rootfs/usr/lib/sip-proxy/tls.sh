# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154 # what those who source it use, and what common.sh, host.env and addresses.env set
# Certificate and key of the TLS listeners. Sourced, after common.sh and secrets.sh.

# What Kamailio reads: a link to the folder in force, so that certificate and key change together.
tls=$run/tls

# Self-signed ones hold for ten years and are made anew a month before their end.
self_signed_days=3650
self_signed_renew=$((30 * 86400))

# write_tls SECRETS: puts what the folder SECRETS holds (tls_certificate, tls_private_key, tls_ca), or a self-signed
# certificate, in force. Returns 0 when that changed something, 2 when it was in force already; 1 sets reason, and leaves all as it was.
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

# tls_files SECRETS FOLDER: all files of a folder in force.
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

# has_begun CERTIFICATE: by this host's clock.
has_begun() {
	local start
	start=$(openssl x509 -in "$1" -noout -startdate 2>/dev/null) && (($(date -d "${start#*=}" +%s) <= $(date +%s)))
}

# certificate_end: when the certificate in force ends, in seconds since 1970; fails where there is none.
certificate_end() {
	local end
	[[ -r $tls/certificate.pem ]] || return 1
	end=$(openssl x509 -in "$tls/certificate.pem" -noout -enddate) || return 1
	date -d "${end#*=}" +%s
}

# A certificate that Kamailio cannot use would be noticed at its next start, when it is too late.
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

# Kept over boots, and made anew when it ends soon, when the host's addresses are others, and when the clock was ahead as it was made: nobody would
# take it before its time.
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

# tls_profiles CA: Kamailio's tls.cfg. With a CA recorders must show a certificate of it; a platform that shows one must show a good one.
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
