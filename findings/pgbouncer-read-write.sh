#!/bin/bash
# PgBouncer: libpq's target_session_attrs=read-write refuses a promoted standby that accepts writes.
#
# Guess:     libpq asks each server whether it is read-only, so it finds a standby behind PgBouncer as soon as the standby is promoted.
# Behaviour: libpq uses parameters that a server reports at login (in_hot_standby and default_transaction_read_only, from PostgreSQL 14 on).
#            PgBouncer reports the values of the connection that filled its pool, from before the promotion, even when its connections
#            already accept writes. `SHOW transaction_read_only` gives the correct answer.
# Seen with: Debian 12: PostgreSQL 15.20, libpq 15.20, PgBouncer 1.18.0.
# Output:    before the promotion: transaction_read_only on
#            after it: transaction_read_only off
#            after it, target_session_attrs=read-write: ... failed: session is read-only
#
# Needs root, mmdebstrap and a Debian mirror. Exit code 0: it is still so; 1: it has changed.
set -euo pipefail

work=$(mktemp -d)
tree=$work/tree
inside() { chroot "$tree" runuser -u postgres -- "$@"; }
bin=/usr/lib/postgresql/15/bin
cleanup() {
	for name in a b; do inside "$bin/pg_ctl" -s -D "/tmp/$name" -m immediate stop 2>/dev/null || true; done
	if [[ -f $tree/tmp/pooler.pid ]]; then kill "$(<"$tree/tmp/pooler.pid")" || true; fi
	sleep 1
	rm -rf --one-file-system "$work"
}
trap cleanup EXIT

mmdebstrap --quiet --variant=apt --include=postgresql,pgbouncer bookworm "$tree"
chroot "$tree" dpkg-query -W postgresql-15 libpq5 pgbouncer

# serve NAME PORT: starts a server with a socket in /tmp.
serve() { inside "$bin/pg_ctl" -s -w -D "/tmp/$1" -l "/tmp/$1.log" -o "-p $2 -k /tmp -c listen_addresses=127.0.0.1" start; }
# ask PORT ATTRIBUTES: transaction_read_only of a connection with these target_session_attrs, or its error.
ask() { inside psql -X "host=127.0.0.1 port=$1 user=postgres target_session_attrs=$2" -Atc 'SHOW transaction_read_only' 2>&1 || true; }

inside "$bin/initdb" -D /tmp/a -A trust -N >/dev/null
serve a 54101
inside "$bin/pg_basebackup" -h /tmp -p 54101 -D /tmp/b -R -c fast
serve b 54102
cat >"$tree/tmp/pooler.ini" <<'INI'
[databases]
* = host=127.0.0.1 port=54102 user=postgres
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = 54103
unix_socket_dir =
auth_type = any
pidfile = /tmp/pooler.pid
logfile = /tmp/pooler.log
INI
inside pgbouncer -q -d /tmp/pooler.ini
for _ in {1..100}; do [[ $(ask 54103 any) != on ]] || break && sleep 0.1; done

before=$(ask 54103 any)
echo "before the promotion: transaction_read_only $before"
inside psql -X -h /tmp -p 54102 -qAtc 'SELECT pg_promote()' >/dev/null
after=$(ask 54103 any)
echo "after it: transaction_read_only $after"
refused=$(ask 54103 read-write)
echo "after it, target_session_attrs=read-write: $refused"

[[ $before == on && $after == off && $refused == *"session is read-only"* ]] || exit 1
