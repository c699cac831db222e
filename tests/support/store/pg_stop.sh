#!/bin/sh
# pg_stop.sh DIR [MODE]: stops what pg_start.sh started. MODE: fast (default;
# DIR goes too), or immediate, as a power cut would (DIR stays).
set -eu
dir=$1
mode=${2:-fast}
here=$(dirname "$0")
. "$here/pg_common.sh"

[ -n "$bin" ] && [ -d "$dir/data" ] || exit 0
as "$bin/pg_ctl" -w -m "$mode" -D "$dir/data" stop >/dev/null 2>&1 || true
[ "$mode" = immediate ] || rm -rf "$dir"
