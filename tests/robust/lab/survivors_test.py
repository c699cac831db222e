"""What a terminal leaves behind: nothing that runs, and all of the work. A
learner floods his terminal and plants what should outlive it; he is answered
at once, the server does not grow, and when he is gone for long enough or says
so nothing of it is left. Then he comes back to the same screen.

usage: survivors_test.py BIN
"""
import os
import time

from lab_world import Terminal, World, is_sanitized, until_dead

# Each names itself by a number that nothing else on this machine has.
MARK = b"9%07d" % (os.getpid() % 10000000)
# Each says on the terminal that it runs.
PLANT = (b"cat > p.sh <<'.'\n"
         b"n=%s\n"
         b"exec 3>&1\n"
         b"nohup sh -c \"trap '' HUP TERM; echo up-$n >&3; "
         b"while :; do sleep 7$n; done\" >/dev/null 2>&1 &\n"
         b"setsid sh -c \"echo up-$n >&3; sleep 8$n; :\" "
         b">/dev/null 2>&1 < /dev/null &\n"
         b"( ( trap '' HUP; exec sh -c \"echo up-$n >&3; sleep 6$n; :\" ) "
         b"& )\n"
         b"sh -c \"echo up-$n >&3; sleep 5$n; :\" &\n"
         b"disown -a 2>/dev/null\n"
         b".\n" % MARK).replace(b"\n", b"\r")


def survivors():
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open("/proc/%s/cmdline" % pid, "rb") as f:
                words = f.read()
        except OSError:
            continue
        if MARK in words and b"survivors_test" not in words:
            found.append(int(pid))
    return found


def rss(pid):
    with open("/proc/%d/statm" % pid) as f:
        return int(f.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def plant(t):
    t.type(PLANT)
    t.type(b". ./p.sh; echo plan''ted\r")
    t.until(b"planted")
    t.until(b"up-" + MARK, times=4)
    assert len(survivors()) >= 4


def flood(t):
    """Typed keys are answered beside it, and the server stays as it is."""
    before = rss(w.server.pid)
    t.type(b"x=$(head -c 10000 /dev/zero | tr '\\0' x); "
           b"while :; do printf %s $x; done &\r")
    t.until(b"xxxxxxxxxx")
    slowest = 0
    for n in range(5):
        began = time.monotonic()
        t.type(b"echo AL''IVE-%d\r" % n)
        t.until(b"ALIVE-%d" % n)
        slowest = max(slowest, time.monotonic() - began)
    return slowest, rss(w.server.pid) - before


with World() as w:
    w.publish("l")
    w.publish("idle", terminal={"idle_minutes": 1})
    warm = Terminal(w.learner("warm"), "l")
    warm.type(b"echo wa''rm\r")
    warm.until(b"warm")
    warm.end()

    t = Terminal(w.learner("sam"), "l")
    plant(t)
    slowest, grown = flood(t)
    print("answered within %.2f s, the server grew by %d KiB" %
          (slowest, grown >> 10))
    assert slowest < 1 or os.getloadavg()[0] > 2 * os.cpu_count()
    assert slowest < 10
    assert grown < 1 << 20 or is_sanitized()
    t.type(b"kill $!; echo kept > kept.txt; clear; "
           b"echo SCR''EEN\r")
    t.until(b"SCREEN")
    planted = survivors()
    t.end()
    until_dead(planted)
    assert not survivors() and "kept.txt" in t.files()

    t.open()
    t.until(b"SCREEN")  # what it showed is shown again
    t.close()

    # Without a word: the connection is lost, and nobody comes for long.
    gone = Terminal(w.learner("eve"), "idle")
    plant(gone)
    gone.type(b"echo kept > kept.txt; clear; echo LA''ST\r")
    gone.until(b"LAST")
    gone.client.close()
    until_dead(survivors(), limit=150)
    assert not survivors()  # the idle limit is over
    back = Terminal(w.learner("eve"), "idle")
    back.until(b"LAST")
    assert "kept.txt" in back.files()
print("fine")
