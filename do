#!/usr/bin/env bash
# do: everything a developer does with this tree, one verb each.
#   ./do help
set -euo pipefail
cd "$(dirname "$0")"
root=$PWD
build=${ASSAY_BUILD:-$root/build}
jobs=${JOBS:-$(nproc)}
# A second checkout finds what the first has compiled.
export CCACHE_BASEDIR=$root CCACHE_NOHASHDIR=1
# What lives as long as the process on purpose (nng's close may hang).
export LSAN_OPTIONS="suppressions=$root/tests/lsan.supp:print_suppressions=0"
export TSAN_OPTIONS="suppressions=$root/tests/tsan.supp"

# Debian packages: to build and run (a worker judges C and Python from the
# start), to run the tests, to look after the code.
packages_build=(build-essential cmake ninja-build ccache pkg-config libnng-dev
	libsodium-dev libssl-dev libsqlite3-dev libpq-dev libxml2-dev
	libutf8proc-dev libgmp-dev libjsmn-dev libcmocka-dev libcjose-dev
	libjansson-dev libseccomp-dev libgit2-dev zlib1g-dev libarchive-dev
	python3)
packages_test=(postgresql-15 openssl clang libclang-rt-14-dev git
	mandoc sqlite3 g++ bubblewrap)
packages_vm=(qemu-system-x86 busybox-static cpio)
packages_lint=(clang-format clang-tidy)

say() { printf '\033[1m==> %s\033[0m\n' "$*" >&2; }

as_root() {
	if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

# Older ones have known holes (CVE-2026-53584 to 53586, CVE-2024-24575).
declare -A at_least=([libgit2-dev]=1.5.1+ds-1+deb12u2)

# have PACKAGE: it is installed, and new enough.
have() {
	local status version
	read -r status version < <(dpkg-query -W \
		-f '${db:Status-Status} ${Version}\n' "$1" 2>/dev/null) || return 1
	[ "$status" = installed ] || return 1
	[ -z "${at_least[$1]:-}" ] ||
		dpkg --compare-versions "$version" ge "${at_least[$1]}"
}

# need PACKAGE…: installs those that are missing; asks apt only then.
need() {
	local missing=() p
	for p in "$@"; do
		have "$p" || missing+=("$p")
	done
	[ ${#missing[@]} = 0 ] && return 0
	say "installing ${missing[*]}"
	as_root env DEBIAN_FRONTEND=noninteractive apt-get update -q
	as_root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y \
		--no-install-recommends "${missing[@]}"
	for p in "${missing[@]}"; do
		have "$p" && continue
		echo "do: $p ${at_least[$p]:-} is wanted; this Debian has none" >&2
		return 1
	done
}

# make_build [PRESET] [TARGET…]: configure once, build.
make_build() {
	local preset=${1:-dev} dir
	shift || true
	need "${packages_build[@]}"
	case $preset in
	dev) dir=$build ;;
	clang | fuzz) need "${packages_test[@]}"; dir=$build/$preset ;;
	*) dir=$build/$preset ;;
	esac
	[ -f "$dir/build.ninja" ] || cmake --preset "$preset" -B "$dir" >&2
	cmake --build "$dir" -j "$jobs" ${*:+--target "$@"} >&2
}

verb_build() { # build [PRESET]: compile everything into build/ (programs: build/bin)
	make_build "${1:-dev}"
}

verb_run() { # run [FLAGS]: build, start assayd with a sample course, say what to call next
	make_build dev assayd assay assay-worker assay-box assay-tree
	exec "$root/examples/run.sh" "$build/bin" "$@"
}

verb_demo() { # demo [FLAGS]: play an exam with 100 learners and a crash, a code assignment, and a lab
	make_build dev assayd assay assay-worker assay-box assay-tree demo
	exec "$build/bin/demo" --bin "$build/bin" --examples "$root/examples" "$@"
}

# run_tests DIR [CTEST ARGUMENTS]: what measures time or memory beside other
# tests (robust, box) and failed is run once more by itself; all else must pass
# at once.
run_tests() {
	local dir=$1 name
	shift
	ctest --test-dir "$dir" --output-on-failure -j "$jobs" "$@" && return 0
	while IFS=: read -r _ name; do
		case $name in
		robust.* | box.*) ;;
		*) return 8 ;;
		esac
	done <"$dir/Testing/Temporary/LastTestsFailed.log"
	say "once more, by themselves: those that failed"
	ctest --test-dir "$dir" --output-on-failure --rerun-failed
}

verb_test() { # test [--ci] [CTEST ARGUMENTS]: build and run all tests
	local ci=
	[ "${1:-}" = --ci ] && { ci=1; shift; }
	need "${packages_build[@]}" "${packages_test[@]}"
	make_build dev
	[ -n "$ci" ] || {
		ctest --test-dir "$build" --output-on-failure -j "$jobs" "$@"
		return
	}
	run_tests "$build" "$@"
	say "the lints"
	verb_lint_fast
	say "the package: its optimizer sees what the others do not"
	verb_package
	say "clang, warnings are errors"
	make_build clang
	say "address and undefined sanitizers"
	make_build asan
	run_tests "$build/asan"
	say "thread sanitizer on what has threads"
	make_build tsan
	run_tests "$build/tsan" -R 'engine|contract|scenario|robust.loops|subs_threads'
}

verb_bench() { # bench [NAME...] [--json]: measure against bare baselines in the same run
	make_build dev assayd assay assay-box assay-bench
	exec "$build/bin/assay-bench" --bin "$build/bin" "$@"
}

verb_vm() { # vm [WHO...]: boxes on Debian's own kernel with cgroup version 2, in a virtual machine
	need "${packages_vm[@]}"
	make_build dev assay assay-box assay-attacks box.labels box.survive
	exec "$root/tests/box/vm.sh" "$build" "$@"
}

verb_oracle() { # oracle DIR [--json] [--failures]: run cases with known results, and attack programs, of a folder
	local dir=${1:-} status=0 attacks=
	make_build dev assay-oracle assay-attacks
	if [ -d "$dir/attacks" ]; then
		attacks=$dir/attacks
	elif [ ! -f "$dir/cases.jsonl" ] &&
		compgen -G "$dir/[0-9]*_*.*" >/dev/null; then
		attacks=$dir
	fi
	if [ -z "$attacks" ] || [ -f "$dir/cases.jsonl" ]; then
		"$build/bin/assay-oracle" "$@" || status=$?
	fi
	if [ -n "$attacks" ]; then
		shift
		"$build/bin/assay-attacks" "$attacks" "$@" || status=$?
	fi
	return $status
}

verb_asan() { # asan [CTEST ARGUMENTS]: tests under the address and undefined sanitizers
	need "${packages_test[@]}"
	make_build asan
	ctest --test-dir "$build/asan" --output-on-failure -j "$jobs" "$@"
}

verb_tsan() { # tsan [CTEST ARGUMENTS]: tests under the thread sanitizer
	need "${packages_test[@]}"
	make_build tsan
	ctest --test-dir "$build/tsan" --output-on-failure -j "$jobs" "$@"
}

verb_pg() { # pg [CTEST ARGUMENTS]: the contract and scenario tests on PostgreSQL only
	need "${packages_build[@]}" "${packages_test[@]}"
	make_build dev
	ASSAY_TEST_STORE=postgresql ctest --test-dir "$build" --output-on-failure -j "$jobs" -L pg "$@"
}

verb_fuzz() { # fuzz [TARGET] [SECONDS]: libFuzzer on one decoder, or on all of them in turn
	local only=${1:-} seconds=${2:-60} t name
	need "${packages_test[@]}"
	make_build fuzz
	for t in "$build"/fuzz/tests/fuzz.*; do
		name=${t##*/fuzz.}
		[ -z "$only" ] || [ "$only" = "$name" ] || continue
		say "fuzzing $name for $seconds s"
		mkdir -p "$build/fuzz/corpus/$name"
		"$t" -max_total_time="$seconds" -timeout=5 -rss_limit_mb=1024 \
			-artifact_prefix="$build/fuzz/" \
			"$build/fuzz/corpus/$name" "$root/tests/fuzz/corpus/$name"
	done
}

verb_fmt() { # fmt: clang-format over all C files
	need "${packages_lint[@]}"
	git ls-files '*.c' '*.h' | xargs clang-format -i
}

verb_lint_fast() { # lint_fast: the greps that guard the house rules
	"$root/tests/lint.sh"
}

verb_lint() { # lint: lint_fast, clang-format and clang-tidy
	need "${packages_lint[@]}"
	verb_lint_fast
	git ls-files '*.c' '*.h' | xargs clang-format --dry-run -Werror
	make_build dev
	# One file each: with several, its va_list check sees ghosts.
	git ls-files 'base/*.c' 'rubrics/*.c' 'graders/*.c' 'engine/*.c' 'cli/*.c' |
		xargs -P "$jobs" -n 1 clang-tidy -p "$build" --quiet \
			2> >(grep -v '^[0-9]* warnings* generated' >&2)
}

verb_package() { # package: a .deb under build/release
	make_build release
	(cd "$build/release" && cpack -G DEB)
}

verb_docs() { # docs: write docs/protocol.md from the tables
	make_build dev assayd
	"$build/bin/assayd" --print-manual >docs/protocol.md
}

verb_clean() { # clean: remove build/
	rm -rf "$build"
}

verb_help() { # help: this list
	printf 'usage: ./do VERB …\n\n'
	sed -n 's/^verb_\([a-z_]*\)() { # [a-z_]*\(.*\)$/\1\2/p' "$root/do" |
		sed 's/^\([a-z_]*\)\( [^:]*\)\{0,1\}: /\1\2\t/' |
		awk -F'\t' '{ printf "  %-36s %s\n", $1, $2 }'
}

verb=${1:-help}
shift || true
declare -F "verb_$verb" >/dev/null || {
	echo "do: no verb $verb; ./do help lists them" >&2
	exit 2
}
"verb_$verb" "$@"
