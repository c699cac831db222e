#!/usr/bin/env bash
# The house rules that a grep can check. Each finding prints file:line.
set -u
cd "$(dirname "$0")/.." || exit 2
bad=0
found() { # found MESSAGE LINES
	[ -n "$2" ] || return 0
	printf '%s\n%s\n\n' "$1" "$2" >&2
	bad=1
}
code() { git ls-files --cached --others --exclude-standard -- "$@"; }
product=$(code 'base/*.[ch]' 'rubrics/*.[ch]' 'graders/*.[ch]' 'sandbox/*.[ch]' 'engine/**.[ch]' 'engine/*.[ch]' 'cli/*.[ch]')

# calls that have one home or none
found 'call needs /* allowed: reason */' "$(
	grep -nE '(^|[^_a-zA-Z0-9])(time|rand|sprintf|strcpy|strcat|gets|malloc|calloc|realloc)\(' $product |
		grep -v 'allowed:' | grep -vE '^[^:]+:[0-9]+:\s*(\*|/\*|//)')"
# a third-party library has one home
home() { # home PATTERN FOLDER
	found "$1 belongs to $2" "$(grep -nE "$1" $product | grep -vE "^($2)/")"
}
home '#include <nng/' 'engine/rpc'
home '#include <sqlite3' 'engine/store'
home '#include <libpq' 'engine/store'
home '#include <libxml/' 'graders'
home '#include <utf8proc' 'graders'
home '#include <gmp' 'graders'
home '#include <(cjose|jansson|openssl)' 'engine/auth'
home '#include <jsmn' 'base'
home '#include <(seccomp|git2|archive|zlib)' 'sandbox'
# arrows point one way: folder -> what it may include from
arrow() { # arrow FOLDER ALLOWED-PATTERN
	local files
	files=$(code "$1/*.[ch]")
	[ -n "$files" ] || return 0
	found "$1 may not include this" "$(grep -nHE '^#include "' $files |
		grep -vE "#include \"(($2)/|engine/app\.h)")" # names only
}
arrow base 'base'
arrow graders 'base|graders'
arrow rubrics 'base|rubrics'
arrow sandbox 'base|sandbox'
arrow engine/store 'base|engine/store'
arrow engine/audit 'base|engine/store|engine/audit'
arrow engine/auth 'base|engine/store|engine/audit|engine/auth'
arrow engine/blob 'base|engine/store|engine/audit|engine/auth|engine/rpc|engine/blob'
arrow engine/jobs 'base|engine/store|engine/audit|engine/auth|engine/rpc|engine/jobs'
arrow engine/erasure 'base|engine/store|engine/audit|engine/auth|engine/rpc|engine/blob|engine/jobs|engine/erasure'
arrow engine/org 'base|engine/store|engine/audit|engine/auth|engine/rpc|engine/org'
arrow engine/evidence 'base|engine/store|engine/audit|engine/auth|engine/rpc|engine/evidence'
slice='base|graders|rubrics|engine/store|engine/audit|engine/auth|engine/rpc|engine/blob|engine/jobs|engine/assessment'
arrow engine/assessment "$slice"
arrow engine/gradebook "$slice|engine/gradebook"
arrow engine/attempt "$slice|sandbox|engine/gradebook|engine/attempt"
arrow engine/content "$slice|sandbox|engine/gradebook|engine/attempt|engine/lab|engine/content"
arrow engine/lab "$slice|sandbox|engine/gradebook|engine/attempt|engine/lab"
arrow engine/peer "$slice|engine/gradebook|engine/peer"
arrow engine/worker 'base|graders|sandbox|engine/rpc|engine/worker'
found 'a knowledge library knows no server' "$(grep -nE '#include "engine/' $(code 'rubrics/*.[ch]' 'graders/*.[ch]' 'sandbox/*.[ch]' 'base/*.[ch]'))"
found 'product code knows no oracle' "$(grep -nil oracle $product)"
# a file over 700 lines has outgrown its room
found 'over 700 lines' "$(printf '%s\n' $product | xargs wc -l | awk '$1 > 700 && $2 != "total"')"
# tests do not sleep
found 'tests do not sleep' "$(grep -nE '[^_a-z](sleep|usleep|nanosleep|nng_msleep)\(' $(code 'tests/**.c' 'tests/*.c') | grep -v 'allowed:')"
[ $bad = 0 ] && echo "lint: clean"
exit $bad
