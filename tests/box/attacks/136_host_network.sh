#!/bin/sh
# ATTACK 136 reads in /proc of the host's network: ports, paths of sockets,
# devices, neighbours; leaves a note in the time of a device.
# EXPECT  CONTAINED: there is no device but the loop, and nothing else.
bad=0
for file in unix tcp tcp6 udp udp6 raw packet netlink arp route; do
	# One line is the heading; the kernel itself has netlink sockets.
	[ -r /proc/self/net/$file ] || continue
	[ $file = netlink ] && continue
	lines=$(wc -l < /proc/self/net/$file)
	[ "$lines" -le 1 ] || { echo "$file: $lines lines"; bad=1; }
done
if [ -r /proc/self/net/dev ]; then
	others=$(tail -n +3 /proc/self/net/dev | grep -vc '^ *lo:')
	[ "$others" = 0 ] || { echo "$others devices"; bad=1; }
fi
for device in null zero full random urandom; do
	touch -c /dev/$device 2>/dev/null && { echo "touched $device"; bad=1; }
done
[ $bad = 0 ] && echo "RESULT CONTAINED 0" || echo "RESULT ESCAPED 1"
