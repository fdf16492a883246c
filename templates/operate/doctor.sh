#!/usr/bin/env bash
# The checks that an expert would run on a host, in order. Prints one line for each check, with tabs between: ok, note or bad; the subject;
# the finding; what to do. The script is sent to the host, so that hosts of all releases are checked in the same way. It changes nothing.
set -uo pipefail
# tests set another root
lib=${SIP_PROXY_LIB:-/usr/lib/sip-proxy}
root=${SIP_PROXY_ROOT:-}
if [[ ! -r $lib/common.sh || ! -r $root/etc/sip-proxy/host.env ]]; then
  printf 'bad\thost\tno host of a fleet: %s is not there\t%s\n' /etc/sip-proxy/host.env "launch the image with its user-data (sip-proxy launch)"
  exit 0
fi
# shellcheck source=cloud-init/rootfs/usr/lib/sip-proxy/common.sh
. "$lib/common.sh"
# shellcheck source=cloud-init/rootfs/usr/lib/sip-proxy/relay.sh
. "$lib/relay.sh"
load_host
# common.sh makes scripts end at the first error, and variables can be unset if the boot has not got far
set +eu

main() {
  {
    units
    others
    addresses
    listeners
    relays
    room
    draining
    list
    recorders
    database_answers
    clock
    disk
    memory
    certificate
    drops
    unrecorded
  } 2>/dev/null
  exit 0
}

# told STATE SUBJECT FINDING [WAY-OUT]
told() { printf '%s\t%s\t%s\t%s\n' "$1" "$2" "${3//[$'\t\n']/ }" "${4:-}"; }

units() {
  local unit state status restarts bad=0
  for unit in sip-proxy-configure sip-proxy-database sip-proxy-media kamailio sip-proxy-selftest sip-proxy-dispatcher-sync sip-proxy-call-watch $RELAY_UNITS; do
    unit=${unit%.service}
    state=$(systemctl show --property=ActiveState --value "$unit.service") || state="not known"
    status=$(systemctl show --property=StatusText --value "$unit.service")
    restarts=$(systemctl show --property=NRestarts --value "$unit.service")
    if [[ $state != active ]]; then
      bad=1
      told bad units "$unit is ${state:-in an unknown state}${status:+: $status}" "journalctl -u $unit"
    elif ((${restarts:-0} > 0)); then
      told note units "$unit was started again $restarts times since boot" "journalctl -u $unit"
    fi
  done
  ((bad)) || told ok units "all steps of the boot are done, all services run"
}

# Other failed units: calls do not depend on them, so the host can be ready without them.
others() {
  local unit state status
  while read -r unit; do
    case " sip-proxy-configure sip-proxy-database sip-proxy-media kamailio sip-proxy-selftest sip-proxy-dispatcher-sync sip-proxy-call-watch $RELAY_UNITS " in
    *" $unit "* | *" ${unit%.service} "*) continue ;;
    esac
    state=note
    # units of sip-proxy, and units that the fleet file adds
    if [[ $unit == sip-proxy-* ]] || grep -qxF "$unit" "$root/etc/sip-proxy/added.units"; then state=bad; fi
    status=$(systemctl show --property=StatusText --value "$unit")
    told "$state" units "$unit has failed${status:+: ${status#FAILED: }}" "journalctl -u $unit"
  done < <(systemctl list-units --failed --plain --no-legend --no-pager | awk '{ print $1 }')
}

addresses() {
  # shellcheck source=/dev/null
  . "$run/addresses.env" || {
    told bad addresses "unknown: $run/addresses.env does not exist" "journalctl -u sip-proxy-configure"
    return
  }
  if ip -4 -oneline address show | grep -qF " $PRIVATE_IP/"; then
    told ok addresses "private $PRIVATE_IP, public $PUBLIC_IP"
  else
    told bad addresses "no interface has $PRIVATE_IP" "assign the address again, or restart sip-proxy-configure and kamailio when no call is up"
  fi
}

listeners() {
  local missing=()
  listens --udp "$SIP_UDP_PORT" || missing+=("udp $SIP_UDP_PORT")
  listens --tcp "$SIP_TCP_PORT" || missing+=("tcp $SIP_TCP_PORT")
  if [[ ${ENABLE_TLS:-no} == yes ]]; then listens --tcp "$SIP_TLS_PORT" || missing+=("tls $SIP_TLS_PORT"); fi
  if ((${#missing[@]})); then
    told bad listeners "no process listens at $PRIVATE_IP on ${missing[*]}" "journalctl -u kamailio"
  else
    told ok listeners "udp $SIP_UDP_PORT, tcp $SIP_TCP_PORT at $PRIVATE_IP"
  fi
}

listens() { ss -Hln "$1" "sport = :$2" | grep -qF "$PRIVATE_IP:$2"; }

relays() {
  local unit answer bad=0
  while read -r unit answer; do
    [[ $answer == ok ]] && continue
    bad=1
    told bad relay "$unit does not answer on its control address" "journalctl -u $unit"
  done < <(relay_control probe)
  ((bad)) || told ok relay "$(wc -w <<<"$RELAY_UNITS") processes answer and allocate ports"
  [[ -r $run/kernel-forwarding ]] || return 0
  answer=$(<"$run/kernel-forwarding")
  if [[ $answer == yes ]]; then
    told ok forwarding "packets are forwarded in the kernel"
  elif [[ $KERNEL_FORWARDING != no ]]; then
    told note forwarding "packets go through user space: ${answer#no: }" "docs/images.md, Forwarding in the kernel"
  fi
}

# Compares current calls with the host's limit, and ports in use with the RTP range.
room() {
  local calls limit=0
  calls=$("$lib/drain" status)
  calls=${calls#calls=}
  if [[ ! $calls =~ ^[0-9]+$ ]]; then
    told bad calls "unknown: Kamailio and the media relay do not answer" "journalctl -u kamailio"
    return
  fi
  # shellcheck source=cloud-init/rootfs/usr/lib/sip-proxy/capacity.sh
  . "$lib/capacity.sh"
  limit=$(call_limit)
  if ((limit > 0 && calls >= limit)); then
    told bad calls "$calls are up, the limit is $limit: new calls get 503" "add a host, or more cores (calls_per_core, max_calls)"
  elif ((limit > 0 && calls * 10 >= limit * 8)); then
    told note calls "$calls are up, the limit is $limit" "add a host before it is full"
  else
    told ok calls "$calls are up$( ((limit)) && printf ', the limit is %s' "$limit")"
  fi
  if ((${CALLS_IN_RANGE:-0} > 0 && calls * 10 >= CALLS_IN_RANGE * 9)); then
    told note ports "the RTP range $RTP_START to $RTP_STOP has ports for $CALLS_IN_RANGE calls" "widen rtp_start to rtp_stop"
  fi
}

draining() {
  if [[ -s $state/leaving ]]; then
    told note draining "removal from DNS began at $(date -d "@$(<"$state/leaving")" --iso-8601=seconds); calls are accepted until the DNS records have expired" "sip-proxy undrain FLEET $HOST"
  fi
  [[ -s $state/draining ]] || return 0
  told note draining "new calls get 503, since $(date -d "@$(<"$state/draining")" --iso-8601=seconds)" "sip-proxy undrain FLEET $HOST"
}

# Compares the list that Kamailio has loaded with the last good list.
list() {
  local wanted loaded
  wanted=$(grep -c '^[^#]' "$state/dispatcher.list")
  loaded=$(kamcmd dispatcher.list | grep -c 'URI:')
  if ((loaded == 0)); then
    told bad list "Kamailio has no recorder loaded" "sip-proxy db diff FLEET; sip-proxy db seed FLEET"
  elif ((loaded < wanted)); then
    told bad list "$loaded of $wanted recorders are loaded: $(systemctl show --property=StatusText --value sip-proxy-dispatcher-sync)" "journalctl -u sip-proxy-dispatcher-sync"
  else
    told ok list "$loaded recorders are loaded"
  fi
}

recorders() {
  local uri flags up=0
  while read -r uri flags; do
    case $flags in
    A*) ((up += 1)) ;;
    D*) told note recorder "$uri is disabled" "sip-proxy dispatcher undrain, or set-state" ;;
    *) told bad recorder "$uri is $flags: it does not answer OPTIONS, or calls to it fail" "check that it runs and answers OPTIONS from $PRIVATE_IP; journalctl -u kamailio" ;;
    esac
  done < <(kamcmd dispatcher.list | awk '$1 == "URI:" { uri = $2 } $1 == "FLAGS:" { print uri, $2 }')
  if ((up)); then told ok recorders "$up are up"; else told bad recorders "no recorder is up: calls get 503" "see above"; fi
}

database_answers() {
  local began answer kept way_out
  load_database
  way_out="check that $PGHOST:$PGPORT is up and accepts $PGUSER from this host"
  began=$(date +%s%N)
  if answer=$(DATABASE_PATIENCE=5 psql_strict --no-align --tuples-only --command 'SELECT count(*) FROM sip_proxy_dispatcher' 2>&1); then
    told ok database "$answer rows, in $((($(date +%s%N) - began) / 1000000)) ms"
  else
    if kept=$(date -r "$state/dispatcher.list" --iso-8601=seconds); then
      told note database "not reachable: ${answer:-no answer}; calls continue with the last good list, from $kept" "$way_out"
    else
      told bad database "not reachable: ${answer:-no answer}; this host has no list of recorders yet" "$way_out"
    fi
  fi
}

clock() {
  case $(timedatectl show --property=NTPSynchronized --value) in
  yes) told ok clock "synchronized" ;;
  no) told note clock "not synchronized, $(date --iso-8601=seconds)" "timedatectl; certificates and call records need the right time" ;;
  esac
}

disk() {
  local path use inodes worst=0
  for path in / /var /run; do
    use=$(df --output=pcent "$path" | tail -n 1 | tr -dc 0-9)
    inodes=$(df --output=ipcent "$path" | tail -n 1 | tr -dc 0-9)
    ((use > worst)) && worst=$use
    ((${inodes:-0} > worst)) && worst=$inodes
    if ((use >= 90 || ${inodes:-0} >= 90)); then told bad disk "$use % of $path is used ($inodes % of its inodes)" "journalctl --vacuum-size=100M; du -xh $path | sort -h | tail"; fi
  done
  ((worst >= 90)) || told ok disk "at most $worst % used"
}

memory() {
  local available total load
  available=$(awk '$1 == "MemAvailable:" { print int($2 / 1024) }' /proc/meminfo)
  total=$(awk '$1 == "MemTotal:" { print int($2 / 1024) }' /proc/meminfo)
  read -r load _ </proc/loadavg
  if ((available * 20 < total)); then
    told bad memory "$available of $total MiB are left" "see: ps axk -rss; a larger instance type"
  else
    told ok memory "$available of $total MiB are left; load $load on $(nproc) cores"
  fi
}

certificate() {
  local end days
  [[ ${ENABLE_TLS:-no} == yes ]] || return 0
  if ! end=$(openssl x509 -in "$run/tls/certificate.pem" -noout -enddate | cut -d= -f2); then
    told bad certificate "no certificate is in use" "journalctl -u sip-proxy-configure -u sip-proxy-tls-renew"
    return
  fi
  days=$((($(date -d "$end" +%s) - EPOCHSECONDS) / 86400))
  if ((days < 0)); then
    told bad certificate "expired: $end" "renew the certificate that tls_certificate refers to; hosts load it within 5 minutes"
  elif ((days < 30)); then
    told note certificate "expires in $days days: $end" "renew the certificate that tls_certificate refers to; hosts load it within 5 minutes"
  else
    told ok certificate "valid for $days days"
  fi
}

# Packets that the kernel dropped because a program did not read them in time, and packets that the guard dropped.
drops() {
  local late guarded
  late=$(awk '$1 == "Udp:" { if (n++) print $6 }' /proc/net/snmp)
  if ((${late:-0} > 0)); then
    told note drops "$late datagrams were dropped since boot, because no program read them in time" "add cores, or lower max_calls"
  else
    told ok drops "no datagrams were dropped"
  fi
  guarded=$(nft list counters table ip sip_proxy | awk '$1 == "counter" { reason = $2 } $1 == "packets" && $2 > 0 { printf "%s%s %s", sep, $2, reason; sep = ", " }')
  [[ -z $guarded ]] || told note guard "packets were dropped: $guarded" "stranger: if this is your platform, add its network to trusted; closed: ports that host_firewall closes"
}

unrecorded() {
  # the second file is that of release 0.2.0
  local file count
  for file in "$run/calls/unrecorded" "$run/unrecorded"; do [[ ! -r $file ]] || break; done
  [[ -r $file ]] || return 0
  count=$(awk '{ sum += $1 } END { print sum + 0 }' "$file")
  ((count == 0)) || told bad unrecorded "$count calls were answered and not recorded since boot: $(head -n 3 "$file" | paste -sd ';')" \
    "not_sent: check that the platform's packets arrive at this host; not_relayed: journalctl -u sip-proxy-call-watch"
}

main
