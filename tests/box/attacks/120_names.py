# ATTACK 120 names and attributes that hurt whoever walks: newlines, bytes that are no UTF-8, 255 bytes, depth, links in circles, attributes.
# HARNESS the task collects out.txt.
# EXPECT  CONTAINED; nothing that is not a regular file is stored as out.txt.
import os
for n in (b'a\nb', b'\xff\xfe', b'x' * 255, b'-rf', b'$(id)', b'`id`', b'\x1b[2J', b'a\rb', b'.git', b'..a', b' ', b'con', b'a:b'):
    try: open(n, 'wb').write(b'x')
    except OSError: pass
for n in (b'CANARY', b'sub'):
    try: os.mkdir(n)
    except OSError: pass
try:
    os.symlink('.', 'sub/up'); os.symlink('sub/up/sub/up', 'loop'); os.symlink('/proc/self/fd/0', 'out.txt')
except OSError: pass
held = 0
try:
    for i in range(2000):
        os.setxattr('sub', b'user.n%d' % i, b'x' * 4000); held += 4000
except OSError: pass
try:
    for i in range(60):
        os.mkdir('d' * 200); os.chdir('d' * 200)
except OSError: pass
print('RESULT', 'ESCAPED' if held > 64 << 20 else 'CONTAINED', 'attributes', held)
