#!/bin/bash
# vm_inside.sh: process 1 of the machine of vm.sh. SCENARIO says who runs boxes.
export PATH=/usr/local/bin:/usr/bin:/usr/sbin HOME=/tmp
tests=$(dirname "$SCRIPT")
b=/tmp/b
cg=/sys/fs/cgroup
unit=$cg/system.slice/assay.service
dmesg -n 1
mkdir $b
cp -r "$ASSAY_BUILD"/bin/{assay,assay-box,assay-attacks} \
	"$ASSAY_BUILD"/tests/{box.{labels,survive,peer},unit.sandbox.box_oom} \
	"$ASSAY_BUILD"/box/* \
	"$tests"/{labels.tsv,attacks} $b
[ -d "$ATTACKS" ] && cp -r "$ATTACKS" $b/outside
chmod -R a+rX $b
mkdir -p $cg/system.slice
echo '+memory +pids +cpu' >$cg/cgroup.subtree_control
echo '+memory +pids +cpu' >$cg/system.slice/cgroup.subtree_control
export ASSAY_TEST_BOX=$b/assay-box ASSAY_TEST_PROGRAMS=$b \
	ASSAY_TEST_LABELS=$b/labels.tsv ASSAY_TEST_TIMES=$TIMES

# What systemd does for a unit, with Delegate=yes or without.
fresh() {
	if [ -d $unit ]; then
		find $unit -depth -type d -exec rmdir {} \;
	fi
	mkdir $unit
	[ -n "$delegate" ] || return
	chown "$user:$user" $unit $unit/cgroup.{procs,subtree_control,threads}
	python3 -c 'import os, sys
os.setxattr(sys.argv[1], "user.delegate", b"1")' $unit
}

# A unit's main process that starts it stays in the unit's cgroup.
run() {
	fresh
	(
		echo 0 >$unit/cgroup.procs
		if [ "$user" = 0 ]; then
			"$@"
		else
			setpriv --reuid "$user" --regid "$user" --clear-groups "$@"
		fi 2>&1
	)
}

case $SCENARIO in
root-no-delegation) user=0 delegate= ;;
root*) user=0 delegate=1 ;;
user-subuid)
	user=1234 delegate=1
	cp "$ASSAY_BUILD"/vm/uidmap/usr/bin/new?idmap /usr/bin/
	chmod 4755 /usr/bin/new?idmap
	echo runner:x:1234:1234::/tmp:/bin/sh >>/etc/passwd
	echo runner:200000:65536 | tee -a /etc/subuid >>/etc/subgid
	;;
user-no-delegation) user=1234 delegate= ;;
user*) user=1234 delegate=1 ;;
esac

run $b/assay box selftest | python3 -c '
import json, sys
t = json.load(sys.stdin)
lost = [l["name"] for l in t["layers"] if not l["works"]]
print("selftest: level %s, %d layers, not held: %s" % (
    t["level"], len(t["layers"]), ", ".join(lost) or "none"))'
run $b/box.labels | grep -v '^\['
for one in box.survive box.peer unit.sandbox.box_oom; do
	run $b/$one | grep -v '^\[='
done
run $b/assay-attacks --repeats 1 $b/attacks | grep -A3 -E 'FAULT|faults|level'
[ -d $b/outside ] &&
	run $b/assay-attacks --repeats 1 $b/outside | grep -A3 -E 'FAULT|faults|level'
echo o >/proc/sysrq-trigger
while :; do read -r -t 9 <>/dev/tty0; done
