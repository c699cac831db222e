#!/usr/bin/env bash
# Is what the documents say so?
#   docs_test.sh PART SOURCE BIN
# links     relative links and their anchors lead somewhere
# commands  verbs of ./do, of assay and of assayd that are named do exist
# version   the same in CMakeLists.txt, version.h and the program
# protocol  docs/protocol.md is what the program prints (./do docs)
# manuals   the manual pages are clean mdoc (needs mandoc)
# settings  every setting and policy field has its line, and no other
# examples  every code block marked `run` works, against a sample server
set -euo pipefail
part=$1 src=$2 bin=$3
cd "$src"
pages=(README.md docs/*.md)
bad=0

found() {
	printf '%s\n' "$*" >&2
	bad=1
}

skip() {
	printf 'skipped: %s\n' "$*" >&2
	exit 77
}

# GitHub's anchor of each heading.
anchors() {
	grep -E '^#+ ' "$1" | sed -E 's/^#+ +//; s/[`*]//g' |
		tr 'A-Z ' 'a-z-' | sed -E 's/[^a-z0-9_-]//g'
}

part_links() {
	local page link file anchor
	for page in "${pages[@]}"; do
		while read -r link; do
			case $link in http*://* | mailto:*) continue ;; esac
			file=${link%%#*} anchor=${link#"${link%%#*}"}
			if [ -n "$file" ]; then
				file=$(dirname "$page")/$file
			else
				file=$page
			fi
			[ -e "$file" ] || {
				found "$page: $link leads nowhere"
				continue
			}
			[ -z "$anchor" ] || anchors "$file" | grep -qx "${anchor#\#}" ||
				found "$page: $link: no such heading"
		done < <(grep -oE '\]\([^)]+\)' "$page" | sed 's/^](//; s/)$//')
	done
}

part_commands() {
	local page verb rest
	for page in "${pages[@]}"; do
		while read -r verb; do
			grep -q "^verb_$verb()" do || found "$page: ./do $verb"
		done < <(grep -oE '\./do [a-z_]+' "$page" | cut -d' ' -f2 | sort -u)
		while read -r verb; do
			# "assay audit verify FILE", "assay verify FILE"
			rest=${verb#* }
			"$bin/assay" ${verb%% *} "$rest" --help >/dev/null 2>&1 ||
				"$bin/assay" "${verb%% *}" --help >/dev/null 2>&1 ||
				found "$page: assay $verb"
		done < <(grep -oE '(^|[^a-z])assay [a-z]+ [a-zA-Z_]+' "$page" |
			sed -E 's/.*assay //' | grep -vE '^(is|and|or|in|the|as|for|with|to|of|has) ' | sort -u)
		while read -r verb; do
			"$bin/assayd" --help | grep -qE -- "$verb( |,|\$)" ||
				found "$page: assayd $verb"
		done < <(grep -oE 'assayd --[a-z-]+' "$page" | cut -d' ' -f2 |
			grep -vE -- '--(config|print-options)$' | sort -u)
	done
}

part_version() {
	local a b c
	a=$(sed -n 's/^project(assay VERSION \([0-9.]*\).*/\1/p' CMakeLists.txt)
	b=$(sed -n 's/^#define ASSAY_VERSION "\(.*\)"/\1/p' engine/rpc/version.h)
	c=$("$bin/assayd" --version)
	[ -n "$a" ] && [ "$a" = "$b" ] && [ "assayd $a" = "$c" ] ||
		found "CMakeLists.txt $a, version.h $b, $c"
	grep -qF "Version $a" README.md || found "README.md tells another version"
}

part_protocol() {
	"$bin/assayd" --print-manual | diff -u docs/protocol.md - ||
		found "docs/protocol.md is old: ./do docs writes it"
}

part_manuals() {
	local page
	command -v mandoc >/dev/null || skip "mandoc is not installed"
	for page in "$bin"/../packaging/*.[158]; do
		[ -e "$page" ] || skip "the manual pages are not built"
		mandoc -Tlint -Wwarning "$page" || found "$page"
	done
}

part_settings() {
	local name
	while read -r name; do
		grep -qE "^\| \`$name\` \|" docs/operations.md ||
			found "operations.md does not tell of $name"
	done < <("$bin/assayd" --print-config | sed -n 's/^#\([a-z_]*\) = .*/\1/p')
	while read -r name; do
		sed -n '/^## Workers/,/^## /p' docs/operations.md |
			grep -E "^\| \`$name\` \|" >/dev/null || # all is read
			found "operations.md does not tell of the worker's $name"
	done < <("$bin/assay-worker" --print-config | sed -n 's/^#\([a-z_]*\) = .*/\1/p')
	while read -r name; do
		"$bin/assayd" --print-config | grep -q "^#$name = " ||
			found "operations.md tells of $name, which is no setting"
	done < <(sed -n '/^## Settings/,/^## /s/^| `\([a-z_]*\)` |.*/\1/p' docs/operations.md)
	# The fields of an assessment file, likewise, from the tables.
	grep -ohE 'FIELD(_OPT|_MAYBE)?\(struct (policy|policy_review|section|entry|assessment_def), [a-z_]+' \
		graders/policy.c graders/assessment_file.c | sed 's/.*, //' |
		while read -r name; do
			grep -qE "[\`\"]$name[\`\"]" docs/assessment-file.md ||
				echo "$name"
		done >"$work/missing"
	[ ! -s "$work/missing" ] ||
		found "assessment-file.md does not tell of $(tr '\n' ' ' <"$work/missing")"
	# And those of its member "peer".
	grep -ohE 'FIELD(_OPT|_MAYBE)?\(struct (peer_[a-z_]+|rubric[a-z_]*|feedback_rules), [a-z0-9_]+' \
		rubrics/peer_def.c rubrics/rubric.c rubrics/feedback.c |
		grep -vE 'rubric_(score|result)' | sed 's/.*, //' |
		while read -r name; do
			grep -qE "[\`\"]$name[\`\"]" docs/peer-file.md ||
				echo "$name"
		done >"$work/missing"
	[ ! -s "$work/missing" ] ||
		found "peer-file.md does not tell of $(tr '\n' ' ' <"$work/missing")"
	# And no event is told of that is none.
	while read -r name; do
		grep -qF "| \`$name\` |" docs/protocol.md ||
			found "events.md tells of $name, which is no event"
	done < <(sed -n '/^## The events/,/^## event/p' docs/events.md |
		grep -oE '`[a-z]+\.[a-z_]+`' | tr -d '`')
}

# blocks PAGE: "LANGUAGE FILE" of each block marked run, in their order.
blocks() {
	awk -v out="$work/block" -v page="$(basename "$1" .md)" '
	/^```[a-z]+ run$/ {
		lang = substr($1, 4)
		file = out "." page "." ++n
		print lang, file
		inside = 1
		next
	}
	/^```/ { if (inside) close(file); inside = 0 }
	inside { print > file }' "$1"
}

run_block() {
	sed -i "s/127\.0\.0\.1:8140/127.0.0.1:$port/g" "$2"
	case $1 in
	sh) bash -euo pipefail "$2" ;;
	python) PYTHONPATH=examples/clients python3 -B "$2" ;;
	js)
		cp "$2" block.mjs
		node --experimental-websocket --no-warnings block.mjs
		;;
	*) false ;;
	esac
}

part_examples() {
	local page lang file tool
	command -v python3 >/dev/null || skip "python3 is not installed"
	command -v openssl >/dev/null || skip "openssl is not installed"
	port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
	mkdir -p "$work/here/build"
	cd "$work/here"
	ln -s "$bin" build/bin
	ln -s "$src/examples" "$src/docs" "$src/README.md" .
	ASSAY_LISTEN=ipc://assay-data/assay.sock,ws://127.0.0.1:$port/rpc \
		examples/run.sh build/bin >"$work/run.out" 2>&1 &
	server=$!
	timeout 60 sh -c "until grep -q 'Assay is running' '$work/run.out'; do
		kill -0 $server || exit 1; sleep 0.1; done" || {
		cat "$work/run.out" >&2
		found "the sample server did not start"
		return
	}
	for page in "${pages[@]}"; do
		while read -r lang file; do
			if [ "$lang" = js ] && ! node --experimental-websocket -e 0 2>/dev/null; then
				echo "no node with WebSocket: $(basename "$file") is not run" >&2
				continue
			fi
			tool=$(head -n 1 "$file" | cut -d' ' -f1)
			if [ "$tool" = sqlite3 ] && ! command -v sqlite3 >/dev/null; then
				echo "no sqlite3: $(basename "$file") is not run" >&2
				continue
			fi
			if run_block "$lang" "$file" >"$work/out" 2>&1; then
				echo "ok $(basename "$file") ($lang)"
			elif lacks=$(tr -s ' \n' ' ' <"$work/out" | grep -oE 'the language [a-z+]+ is not'); then
				echo "$lacks here: $(basename "$file") is not run" >&2
			else
				found "$page: this block fails:"
				cat "$file" "$work/out" >&2
			fi
		done < <(blocks "$page")
	done
	kill -TERM "$server"
	wait "$server" || found "the sample server did not stop cleanly"
	server=
}

work=$(mktemp -d "${TMPDIR:-/tmp}/assay-docs.XXXXXX")
server=
done_all() {
	[ -z "$server" ] || kill -TERM "$server" 2>/dev/null || true
	[ -z "$server" ] || wait "$server" 2>/dev/null || true
	rm -rf "$work"
}
trap done_all EXIT
"part_$part"
[ $bad = 0 ] && echo "$part: fine"
exit $bad
