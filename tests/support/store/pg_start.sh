#!/bin/sh
# pg_start.sh DIR: a PostgreSQL of our own in DIR, reached by a unix socket
# there and by nothing else. fsync is on: crash tests mean it. Does nothing if
# it runs already, or if PostgreSQL is not installed (its tests skip then).
# As root it runs as the user postgres, or nobody.
set -eu
dir=$1
here=$(dirname "$0")
. "$here/pg_common.sh"

[ -n "$bin" ] || { echo "PostgreSQL is not installed"; exit 0; }
if [ -d "$dir/data" ] && as "$bin/pg_ctl" -D "$dir/data" status >/dev/null 2>&1
then
	exit 0
fi
if [ ! -f "$dir/ready" ]; then
	rm -rf "$dir"
	mkdir -m 700 "$dir"
	[ -z "$user" ] || chown "$user" "$dir"
	as "$bin/initdb" -D "$dir/data" -U assay -A trust -E UTF8 \
		--locale=C --no-sync >"$dir/initdb.log" 2>&1 ||
		{ cat "$dir/initdb.log"; exit 1; }
	cat >>"$dir/data/postgresql.conf" <<CONF
listen_addresses = ''
unix_socket_directories = '$dir'
fsync = on
max_connections = 100
shared_buffers = 128MB
max_wal_size = 2GB
log_min_messages = fatal
CONF
	touch "$dir/ready"
fi
as "$bin/pg_ctl" -w -t 60 -D "$dir/data" -l "$dir/data/log" start >/dev/null ||
	{ tail "$dir/data/log"; exit 1; }
