# For pg_start.sh and pg_stop.sh. bin: PostgreSQL's programs, or empty.
# user: whom to run it as (who owns $dir), or empty. as: runs a command as that user.
bin=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -n 1)
[ -n "$bin" ] || bin=$(pg_config --bindir 2>/dev/null || true)
[ -x "${bin:-/none}/initdb" ] || bin=
user=
if [ "$(id -u)" = 0 ]; then
	user=nobody
	! id postgres >/dev/null 2>&1 || user=postgres
	[ ! -d "$dir/data" ] || user=$(stat -c %U "$dir")
fi
as() {
	if [ -n "$user" ]; then
		(cd / && runuser -u "$user" -- "$@")
	else
		"$@"
	fi
}
