#!/bin/sh
# as_user.sh TEST ASSAY_BOX PROGRAMS LABELS: runs a test of boxes as somebody
# who is nobody: an unused user id, no groups, copies that it may read.
set -eu
test=$1 box=$2 programs=$3 labels=$4
if [ "$(id -u)" != 0 ]; then
	echo "not root: the test itself is run as an ordinary user already"
	exit 77
fi
if ! command -v setpriv >/dev/null; then
	echo "setpriv is not here"
	exit 77
fi
dir=$(mktemp -d /tmp/assay-user-XXXXXX)
trap 'rm -rf "$dir"' EXIT
chmod 755 "$dir"
cp "$test" "$box" "$programs/subject" "$programs/bss" "$labels" "$dir/"
cd "$dir"
echo "as user 54321, without groups:"
ASSAY_TEST_BOX=$dir/$(basename "$box") ASSAY_TEST_PROGRAMS=$dir \
	ASSAY_TEST_LABELS=$dir/$(basename "$labels") \
	setpriv --reuid 54321 --regid 54321 --clear-groups \
	"$dir/$(basename "$test")"
