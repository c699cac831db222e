"""Memory with many submissions: waiting, judged by a script, and a burst that a
real worker judges.

    python3 bench/waiting.py build/bin [WAITING] [BURST]
"""
import os
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(__file__) + "/../tests/robust/lab")
from lab_world import BIN, Refused, World  # noqa: E402

WAITING = int(sys.argv[2]) if len(sys.argv) > 2 else 10000
BURST = int(sys.argv[3]) if len(sys.argv) > 3 else 200
LEARNERS, AT_ONCE = 20, 8  # so many of one question may wait
ITEMS = -(-max(WAITING, BURST) // (LEARNERS * AT_ONCE))
MIB = 1 << 20

FACT = {"verdict": "AC", "cause": "exit", "exit": 0, "signal": 0, "share": 1,
        "cpu_us": 1000, "wall_us": 2000, "runs": 1}
REPORT = {"version": 1, "language": "c", "verdict": "AC", "gradable": True,
          "compile": "AC", "level": "full", "tests": [FACT]}
PASSED = {"ok": True, "references": [], "problems": [], "limit_ms": 1000}
TASK = {"assay": 1, "course": "c", "slug": "w", "title": "t",
        "policy": {"attempts": 1}, "items": [{
            "id": f"i{i}", "type": "code", "name": "n", "stem": f"s{i}",
            "mark": 1,
            "code": {"languages": ["c"], "tests": [
                {"name": "t", "input": {"text": "1"},
                 "answer": {"text": "2"}}]}} for i in range(ITEMS)]}
SOURCE = """#include <stdlib.h>
#include <stdio.h>
#include <string.h>
int main(void) { char *p = malloc(64 << 20); memset(p, 1, 64 << 20);
puts("2"); return p[%d] - 1; }
"""


def rss(pid):
    try:
        with open(f"/proc/{pid}/smaps_rollup") as f:
            for line in f:
                if line.startswith("Pss:"):
                    return int(line.split()[1]) * 1024
    except (OSError, IndexError):
        pass
    return 0


def family(pid):
    """The process and all below it."""
    children = {}
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{name}/stat") as f:
                parent = int(f.read().rsplit(")", 1)[1].split()[1])
            children.setdefault(parent, []).append(int(name))
        except (OSError, IndexError):
            pass
    out, todo = [], [pid]
    while todo:
        one = todo.pop()
        out.append(one)
        todo += children.get(one, [])
    return out


def told(what, value):
    print(f"{what:58}{value:10.1f} MiB", flush=True)


def hand_in(world, first, n):
    """So many, each of other bytes."""
    done = 0
    people = [world.learner(f"l{i}") for i in range(LEARNERS)]
    attempts = [p.command("attempt.start", {"course": "c", "slug": "w"})
                ["attempt"] for p in people]
    while done < n:
        at = done % LEARNERS
        people[at].command("attempt.check", {
            "attempt": attempts[at],
            "slot": 1 + done // LEARNERS % ITEMS, "response": {
                "language": "c", "files": [
                    {"name": "main.c", "text": SOURCE % (first + done)}]}})
        done += 1


def judge_all(worker, kind, result):
    n = 0
    while True:
        jobs = worker.command("job.lease", {
            "kinds": [kind], "worker": "w", "limit": 10,
            "lease_ms": 600000})["jobs"]
        if not jobs:
            return n
        for j in jobs:
            worker.command("job.finish", {"job": j["id"], "fence": j["fence"],
                                          "result": result})
            n += 1


def watch(pid, most, stop):
    while not stop.is_set():
        most[0] = max(most[0], sum(map(rss, family(pid))))
        most[1] = max(most[1], rss(pid))
        time.sleep(0.05)


os.environ["ASSAY_WORKER"] = "none"  # none of the server's own
with World() as w:
    admin = w.as_admin()
    key = w.dir + "/worker"
    with open(key, "w") as f:
        f.write(admin.command("key.create", {"name": "w",
                                             "roles": ["worker"]})["key"])
    worker = w.client(key)
    admin.command("code.selftest", {"definition": TASK})
    judge_all(worker, "code.selftest", PASSED)
    admin.command("assessment.publish", {"definition": TASK})
    told("server, before", rss(w.server.pid) / MIB)
    hand_in(w, 0, WAITING)
    told(f"server, {WAITING} submissions waiting", rss(w.server.pid) / MIB)
    assert judge_all(worker, "grade.code", REPORT) == WAITING
    told(f"server, {WAITING} judged", rss(w.server.pid) / MIB)
    budget = 1024
    hands = subprocess.Popen(
        [BIN + "/assay-worker", "--server", w.url, "--token-file", key,
         "--memory", str(budget), "--cpus", "8", "--jobs", "8", "--kinds",
         "grade.code"], stderr=subprocess.DEVNULL)
    time.sleep(2)
    told("worker, idle", rss(hands.pid) / MIB)
    most, stop = [0, 0], threading.Event()
    seen = threading.Thread(target=watch, args=(hands.pid, most, stop))
    seen.start()
    began = time.monotonic()
    hand_in(w, WAITING, BURST)
    while admin.query("job.list", {"kind": "grade.code", "limit": 1,
                                   "state": "queued"})["jobs"] or \
            admin.query("job.list", {"kind": "grade.code", "limit": 1,
                                     "state": "leased"})["jobs"]:
        time.sleep(0.2)
    took = time.monotonic() - began
    stop.set()
    seen.join()
    told(f"worker and boxes, most in a burst of {BURST}", most[0] / MIB)
    told("  of a budget of", budget)
    told("  worker alone, most", most[1] / MIB)
    told(f"server, after it ({took:.0f} s)", rss(w.server.pid) / MIB)
    hands.terminate()
    hands.wait(40)
