#!/usr/bin/env bash
# vm.sh BUILD [SCENARIO…]: boxes on another kernel than this machine's: Debian's
# stock 6.1 with cgroup version 2, in a virtual machine without hardware help,
# so that nothing of this machine is changed. The machine sees this one's files
# read-only; what it writes goes to its memory.
# TIMES=n: limits of time are n times as long as written (10): it is slow.
# ATTACKS=DIR: other people's attack programs, too.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
build=$(cd "$1" && pwd)
shift
cache=$build/vm
abi=${ASSAY_VM_KERNEL:-$(apt-cache depends linux-image-amd64 |
	sed -n 's/.*Depends: linux-image-\(.*\)/\1/p' | head -n 1)}
modules=(drivers/virtio/virtio_ring drivers/virtio/virtio
	drivers/virtio/virtio_pci_modern_dev
	drivers/virtio/virtio_pci_legacy_dev drivers/virtio/virtio_pci
	fs/netfs/netfs fs/fscache/fscache net/9p/9pnet net/9p/9pnet_virtio
	fs/9p/9p fs/overlayfs/overlay)

# The kernel's package is opened, not installed.
fetch() {
	[ -f "$cache/$abi/boot/vmlinuz-$abi" ] && return
	mkdir -p "$cache/$abi"
	(cd "$cache" && apt-get download -q "linux-image-$abi" 2>/dev/null &&
		dpkg-deb -x "linux-image-${abi}"_*.deb "$abi" &&
		rm "linux-image-${abi}"_*.deb)
}

# What runs first: this machine's files below, memory above, and on to
# vm_inside.sh.
first_files() {
	local dir=$1 m n=10
	mkdir -p "$dir"/{bin,modules,proc,sys,dev,lower,over,root}
	cp /bin/busybox "$dir/bin/busybox"
	ln -s busybox "$dir/bin/sh"
	for m in "${modules[@]}"; do
		cp "$cache/$abi/lib/modules/$abi/kernel/$m.ko" \
			"$dir/modules/$((n++))-${m##*/}.ko"
	done
	cat >"$dir/init" <<-'END'
		#!/bin/busybox sh
		/bin/busybox --install -s /bin
		mount -t proc proc /proc
		ifconfig lo 127.0.0.1 up
		for m in /modules/*.ko; do insmod $m || echo "no $m"; done
		mount -t 9p -o ro,trans=virtio,version=9p2000.L,cache=loose,msize=262144 host /lower
		mount -t tmpfs over /over
		mkdir /over/up /over/work
		mount -t overlay -o lowerdir=/lower,upperdir=/over/up,workdir=/over/work over /root
		mount -t proc proc /root/proc
		mount -t sysfs sys /root/sys
		mount -t devtmpfs dev /root/dev
		mount -t tmpfs -o mode=1777 tmp /root/tmp
		mount -t tmpfs -o mode=755 run /root/run
		mkdir -p /root/dev/shm /root/dev/pts
		mount -t tmpfs -o mode=1777 shm /root/dev/shm
		mount -t devpts devpts /root/dev/pts
		mount -t cgroup2 cgroup2 /root/sys/fs/cgroup
		umount /proc
		exec switch_root /root /bin/bash "$SCRIPT"
	END
	chmod +x "$dir/init"
	(cd "$dir" && find . | cpio -o -H newc --quiet | gzip -1)
}

# boot LSM SCENARIO: its lines.
boot() {
	local append="console=ttyS0 quiet panic=-1 lsm=$1"
	append+=" SCRIPT=$root/tests/box/vm_inside.sh ASSAY_BUILD=$build"
	append+=" SCENARIO=$2 TIMES=${TIMES:-10} ATTACKS=${ATTACKS:-none}"
	timeout "${ASSAY_VM_SECONDS:-1500}" qemu-system-x86_64 -accel tcg,thread=multi \
		-cpu max -smp 2 -m 6144 -display none -no-reboot -nodefaults \
		-serial stdio -kernel "$cache/$abi/boot/vmlinuz-$abi" \
		-initrd "$dir/initramfs" -append "$append" \
		-virtfs local,path=/,mount_tag=host,security_model=none,readonly=on,multidevs=remap |
		stdbuf -oL tr -d '\r'
}

# newuidmap is what gives an ordinary user more ids than one.
fetch_uidmap() {
	[ -f "$cache/uidmap/usr/bin/newuidmap" ] && return
	(cd "$cache" && apt-get download -q uidmap 2>/dev/null &&
		dpkg-deb -x uidmap_*.deb uidmap && rm uidmap_*.deb)
}

fetch
fetch_uidmap
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
first_files "$dir/first" >"$dir/initramfs"
[ $# = 0 ] && set -- root root-no-landlock root-no-delegation user user-subuid \
	user-no-delegation user-no-landlock
for one in "$@"; do
	lsm=landlock,yama,bpf
	[[ $one = *-no-landlock ]] && lsm=yama,bpf
	printf '\n== %s: Linux %s, lsm=%s\n' "$one" "$abi" "$lsm"
	boot "$lsm" "$one"
done
