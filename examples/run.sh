#!/usr/bin/env bash
# Starts assayd on a sample course and says what to call next.
#   examples/run.sh BIN [FLAGS OF assayd]
# BIN holds assayd and assay. Everything lives in ./assay-data, or in the
# folder that ASSAY_DATA names; the first start makes it, later ones go on
# with it. Ctrl-C stops the server.
set -euo pipefail

bin=${1:?usage: examples/run.sh BIN [FLAGS OF assayd]}
shift
here=$(cd "$(dirname "$0")" && pwd)
data=${ASSAY_DATA:-assay-data}
issuer=https://platform.example
log=$data/assayd.log
before=0
pid=

die() {
	printf 'run: %s\n' "$*" >&2
	exit 1
}

# Our own calls go to the socket of this folder, as its administrator.
assay() {
	"$bin/assay" "$@" --url "ipc://$data/assay.sock" \
		--token-file "$data/admin.key"
}

stop() {
	trap '' INT TERM
	[ -n "$pid" ] || exit 1
	printf '\nstopping … ' >&2
	kill -TERM "$pid" 2>/dev/null || true
	if wait "$pid"; then
		echo "stopped; ./do run starts it again where it was" >&2
		exit 0
	fi
	die "the server did not stop cleanly; see $log"
}

# What has been logged since this start, and the error that ended it.
news() { tail -c "+$((before + 1))" "$log"; }
complaint() { news | grep -v '^{' | tail -n 1 || true; }

make_data() {
	mkdir -p -m 700 "$data"
	chmod 700 "$data"
	[ -s "$data/admin.key" ] && return
	[ ! -e "$data/assay.db" ] ||
		die "$data holds a server but no admin.key; move it away, or set ASSAY_DATA"
	"$bin/assayd" init --data "$data" --organization "Sample University" \
		--key-file "$data/admin.key" "$@" >/dev/null 2>>"$log" || {
		complaint >&2
		die "assayd init failed; see $log"
	}
}

start() {
	local why
	before=$(stat -c %s "$log" 2>/dev/null || echo 0)
	"$bin/assayd" --data "$data" "$@" 2>>"$log" &
	pid=$!
	for _ in $(seq 100); do
		kill -0 "$pid" 2>/dev/null || break
		if news | grep -q '"event":"server_ready"'; then
			return
		fi
		sleep 0.1
	done
	why=$(complaint)
	printf '%s\n' "$why" >&2
	case $why in
	*ipc://*"in use"*)
		die "a server runs in $data already: use it, or stop it first" ;;
	*"in use"*)
		die "another program has this port. Take another one:
     ./do run --listen ipc://$data/assay.sock,ws://127.0.0.1:8141/rpc" ;;
	*)
		die "the server did not start; see $log" ;;
	esac
}

# A platform's key pair: the private half stays with the platform, which signs
# its learners' tokens; the server gets the public half. The audience names the
# organization, so that a token is good for no other.
make_platform() {
	local audience
	[ -s "$data/platform.jwk" ] ||
		"$bin/assay" key new -o "$data/platform.jwk" >/dev/null
	if ! assay issuer list --json | grep -q "\"$issuer\""; then
		"$bin/assay" key jwks "$data/platform.jwk" >"$data/platform.jwks"
		assay issuer register --issuer "$issuer" \
			--jwks "@$data/platform.jwks" >/dev/null
	fi
	audience=$(assay organization get --json |
		grep -o '"audience":"[^"]*"' | cut -d'"' -f4)
	rm -f "$data/learner.token"
	"$bin/assay" token "$data/platform.jwk" --issuer "$issuer" \
		--audience "$audience" --subject sam \
		--courses sample --lives 24h -o "$data/learner.token" >/dev/null
}

# publish SLUG FILE: once.
publish() {
	if ! assay assessment list --course sample --json |
		grep -q "\"slug\":\"$1\""; then
		assay assessment publish --bytes "$2" >/dev/null
	fi
}

# A code assignment is published once its self-test has passed: the programs
# that its author hands in with it come out as he says. That takes seconds, so
# it runs behind the rest and tells when it is there; a host that cannot run
# programs has no assignment.
make_code() {
	sed 's/"course": "prog-101"/"course": "sample"/' \
		"$here/code/sum/assessment.json" >"$data/sum.assessment.json"
	rm -rf "$data/sum"
	cp -r "$here/code/sum" "$data/sum"
	mv "$data/sum.assessment.json" "$data/sum/assessment.json"
	"$bin/assay" bundle "$data/sum" -o "$data/sum.json" >/dev/null
	rm -rf "$data/sum"
	assay code selftest --bytes "$data/sum.json" >/dev/null
}

# Says on descriptor 3 what came of it.
publish_code() {
	local told
	trap - INT TERM
	for _ in $(seq 300); do
		kill -0 "$pid" 2>/dev/null || exit
		told=$(assay code selftest --bytes "$data/sum.json" --json || true)
		case $told in
		*'"ready":true'*)
			if publish sum "$data/sum.json"; then
				echo "The assignment is there." >&3
				return
			fi
			break ;;
		*'"state":"failed"'* | *'"state":"broken"'*) break ;;
		esac
		sleep 1
	done
	printf '%s\n  %s\n' "The assignment is not there. This tells why:" \
		"$bin/assay code selftest --bytes $data/sum.json --url ipc://$data/assay.sock --token-file $data/admin.key" >&3
}

make_course() {
	"$bin/assay" import "$here/networks.gift" --course sample \
		--slug practice -o "$data/practice.json" 2>/dev/null
	# Practice: any number of tries, feedback at once, no grade.
	sed -i -e 's/"title":"practice"/"title":"Networks: practice"/' \
		-e 's/"kind":"graded"/"kind":"practice"/' \
		-e 's/"behaviour":"deferred_feedback"/"behaviour":"immediate_feedback"/' \
		-e 's/"review":{[^}]*},//' "$data/practice.json"
	publish practice "$data/practice.json"
	publish networks "$here/quiz.json"
	publish hashing "$here/peer/hashing.json"
	make_code
	assay lab list --course sample --json | grep -q '"slug":"sum-lab"' ||
		assay lab publish --bytes "$here/labs/sum.lab.json" >/dev/null
	assay course set --course sample --title "Sample course" \
		--idempotency-key sample-course >/dev/null
	assay learner set --learner sam --name "Sam Sample" \
		--idempotency-key sample-sam >/dev/null
}

tell() {
	local a=$bin/assay ready as here=$here
	a=${a#"$PWD/"} here=${here#"$PWD/"}
	ready=$(news | grep -o '"listen":"[^"]*"' | cut -d'"' -f4)
	as="--token-file $data"
	[ "$data" = assay-data ] || as="--url ipc://$data/assay.sock $as"
	cat <<END

Assay is running: ${ready//,/, }
Its data, keys and log are in $data. Ctrl-C stops it. In another terminal:

  take the graded quiz (2 attempts, 15 minutes), as the learner sam:
    $a attempt take --course sample --slug networks $as/learner.token
  or practise, as often as you like:
    $a attempt take --course sample --slug practice $as/learner.token

  hand in a program (a line below says when its assignment is there, in about
  20 seconds):
    $a code submit --course sample --slug sum $here/code/sum/solutions/overflow.c --yes $as/learner.token
    $a code submit --course sample --slug sum $here/code/sum/solutions/right.c --yes --finish $as/learner.token
  or work in a lab's terminal; Ctrl-] leaves, the same command comes back:
    $a lab shell --course sample --slug sum-lab $as/learner.token
  or in a folder, with your own editor, and check it:
    $a lab open sample/sum-lab my-lab $as/learner.token
    $a lab check my-lab $as/learner.token

  hand in a work that peers review, and learn to review on experts' grades:
    $a artifact submit --course sample --slug hashing --content '{"text":"…"}' $as/learner.token
    $a calibration next --course sample --slug hashing $as/learner.token
    $a peer queue --course sample --slug hashing $as/admin.key

  run programs without the server:
    $a grade $here/code/sum/starter --spec $here/code/sum/assessment.json --language c
    $a box run --stdout /dev/stdout -- sh -c 'echo \$((6 * 7))'
    $a box selftest

  see the gradebook, or take it away as a file, as the administrator:
    $a gradebook export --course sample $as/admin.key
    $a gradebook export --course sample -o gradebook.csv $as/admin.key

  check that no record of what happened was changed:
    $a audit verify $as/admin.key
    $a audit export -o audit.jsonl $as/admin.key
    examples/verify_bundle.py audit.jsonl        (no code of ours in it)

  what else there is:
    $a help
    README.md, docs/protocol.md

END
}

trap stop INT TERM
make_data "$@"
start "$@"
make_platform
make_course
tell
publish_code 3>&1 >/dev/null 2>>"$log" &
# A signal interrupts wait; what stopped the server by itself ends it.
code=0
wait "$pid" || code=$?
pid=
[ "$code" = 0 ] || complaint >&2
exit "$code"
