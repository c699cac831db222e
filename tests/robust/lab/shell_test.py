"""A learner at `assay lab shell` on a real server, worker and box: types, is
cut off, comes back to the same screen, and the work is kept. With a flood in
the background what is typed is still answered.

usage: shell_test.py BIN
"""
import os
import pty
import select
import signal
import time

from lab_world import BIN, LIMIT, Terminal, World

KEPT = 100000  # bytes of what was seen: a flood is not looked through twice


class Shell:
    def __init__(self, w, key):
        self.seen = b""
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.execv(BIN + "/assay", ["assay", "lab", "shell", "--course", "c",
                                      "--slug", "l", "--url", w.url,
                                      "--token-file", key])

    def until(self, what):
        end = time.monotonic() + LIMIT
        while what not in self.seen and time.monotonic() < end:
            if select.select([self.fd], [], [], 0.1)[0]:
                try:
                    self.seen = (self.seen + os.read(self.fd, 65536))[-KEPT:]
                except OSError:
                    break
        assert what in self.seen, (what, self.seen[-2000:])

    def type(self, keys):
        os.write(self.fd, keys)

    def end(self, sig):
        os.kill(self.pid, sig)
        os.waitpid(self.pid, 0)
        os.close(self.fd)


with World() as w:
    w.publish("l")
    key = w.token("sam")
    s = Shell(w, key)
    s.until(b"$")  # what follows it may be drawn apart from it
    s.type(b"echo one-$((40+2)) > f.txt; cat f.txt\r")
    s.until(b"one-42")
    s.end(signal.SIGKILL)  # the connection is lost

    s = Shell(w, key)
    s.until(b"one-42")  # nothing was typed: it is the screen
    s.type(b"(while :; do head -c 1000000 /dev/zero; done) &\r")
    s.type(b"echo AL''IVE\r")
    s.until(b"ALIVE")
    s.end(signal.SIGKILL)

    t = Terminal(w.learner("sam"), "l")
    t.end()
    assert t.files()["f.txt"] == b"one-42\n"

    # One file that is saved again and again is not its own editor.
    t = Terminal(w.learner("kim"), "l")
    for text in "one", "two", "three":
        t.type(f"echo {text} > m.c\r".encode())
        end = time.monotonic() + LIMIT
        while t.files().get("m.c") != text.encode() + b"\n":
            assert time.monotonic() < end, t.files()
            t.read(1000)
    t.end()
    assert set(t.files()) == {"m.c"}, t.files()
print("fine")
