# ATTACK 116 leaves the folder by /proc, dots, mounts and names of the host.
# EXPECT  CONTAINED: nothing of the host's own files is there.
import os
bad = []
for p in ('/etc/shadow', '/etc/gshadow', '/etc/ssh', '/etc/ssl/private', '/root/.profile', '/home', '/var/log', '/var/lib/dpkg',
          '/boot', '/sys/kernel', '/sys/class/net', '/proc/net/tcp', '/proc/sys/kernel', '/proc/kallsyms', '/proc/modules', '/proc/keys',
          '/proc/timer_list', '/proc/partitions', '/proc/1/root/etc/shadow', '/proc/1/cwd/..', '/run/systemd', '/run/dbus', '/run/docker.sock',
          '/var/spool', '/opt', '/srv', '/media', '/mnt', '/lost+found', '/etc/machine-id', '/etc/fstab', '/etc/crontab'):
    try:
        names = os.listdir(p) if os.path.isdir(p) else [open(p, 'rb').read(64)]
        if names and names != [b'']: bad.append(p)
    except OSError: pass
at = '.'
for i in range(40):
    at += '/..'
    try:
        if 'shadow' in os.listdir(at + '/etc'): bad.append(at)
    except OSError: pass
for fd in range(3, 256):
    try:
        os.fstat(fd)
        os.fchdir(fd); bad.append('descriptor %d' % fd)
    except OSError: pass
mine = str(os.getpid())
seen = [p for p in os.listdir('/proc') if p.isdigit() and p != mine] if os.path.isdir('/proc') else []
if seen: bad.append('processes ' + ','.join(seen[:5]))
try:
    for line in open('/proc/self/mountinfo'):
        if 'CANARY' in line: bad.append(line)
except OSError: pass
print('RESULT', 'ESCAPED' if bad else 'CONTAINED', bad[:12])
