"""A learner's lab as a folder: opened, changed here and on the server, merged,
saved, checked by a worker; killed at any place it goes on; nothing is written
outside of the folder.

usage: dir_test.py BIN
"""
import json
import os
import pty
import signal
import subprocess

from lab_world import BIN, World

SUM = [{"name": "1", "input": {"text": "1 2\n"}, "answer": {"text": "3\n"}},
       {"name": "2", "input": {"text": "5 6\n"}, "answer": {"text": "11\n"}}]
LINES = "".join(f"# {i}\n" for i in range(9))


class Dir:
    def __init__(self, w, name, key):
        self.w, self.path, self.key = w, w.dir + "/" + name, key

    def run(self, verb, *more, want=0, before=()):
        words = [*before, self.path, *more]
        p = subprocess.run([BIN + "/assay", "lab", verb, *words, "--url",
                            self.w.url, "--token-file", self.key],
                           capture_output=True, text=True)
        assert p.returncode == want, (verb, p)
        return p.stdout + p.stderr

    def write(self, name, text):
        os.makedirs(os.path.dirname(self.path + "/" + name), exist_ok=True)
        with open(self.path + "/" + name, "w") as f:
            f.write(text)

    def read(self, name):
        with open(self.path + "/" + name) as f:
            return f.read()

    def names(self):
        return sorted(os.path.relpath(d + "/" + f, self.path)
                      for d, _, fs in os.walk(self.path) for f in fs)


def has(text, *parts):
    text = " ".join(text.split())
    for part in parts:
        assert part in text, (part, text)


def open_pull_push(w, me, session):
    d = Dir(w, "sam-lab", w.token("sam"))
    has(d.run("open", before=["c/l"]), "3 written")
    assert d.names() == [".assay-lab", "main.py", "notes.txt", "run.sh"]
    assert os.stat(d.path + "/run.sh").st_mode & 0o111
    assert not os.stat(d.path + "/main.py").st_mode & 0o111
    has(d.run("push"), "Nothing has changed")

    # Here and there, in different lines of one file.
    server_save(me, session, {"notes.txt": "there\n" + LINES, "new/n": "n"})
    d.write("notes.txt", LINES + "here\n")
    d.write("own.txt", "mine")
    has(d.run("push", want=1), "was changed on the server since",
        "lab pull", "--merge")
    assert "own.txt" not in server(me, session)
    has(d.run("push", "--merge"), "Saved: 2 changed, 0 removed")
    assert d.read("notes.txt") == "there\n" + LINES + "here\n"
    assert d.read("new/n") == "n"
    assert server(me, session)["notes.txt"] == b"there\n" + LINES.encode() + \
        b"here\n"

    # In the same line: ours stays, theirs is beside it.
    server_save(me, session, {"own.txt": "theirs"}, ["new/n"])
    d.write("own.txt", "ours")
    d.write("own.txt.server/x", "a folder has the name")
    os.remove(d.path + "/own.txt.server/x")
    has(d.run("push", "--merge", want=1), "own.txt.server2", "looked at",
        "on the server")
    assert (d.read("own.txt"), d.read("own.txt.server2")) == ("ours", "theirs")
    assert not os.path.exists(d.path + "/new")
    assert server(me, session)["own.txt"] == b"theirs"
    os.remove(d.path + "/own.txt.server2")
    os.rmdir(d.path + "/own.txt.server")
    has(d.run("push"), "Saved: 1 changed")
    assert server(me, session)["own.txt"] == b"ours"

    os.remove(d.path + "/own.txt")
    os.chmod(d.path + "/main.py", 0o755)
    told = json.loads(d.run("push", "--json"))
    assert not told["same"] and "own.txt" not in server(me, session)
    assert json.loads(d.run("pull", "--json"))["commit"] == told["commit"]
    return d


def check(d):
    has(d.run("check", want=1), "WA", "1 of 2 points")
    d.write("main.py", "print(sum(map(int, input().split())))\n")
    has(d.run("check"), "AC", "2 of 2 points")
    told = json.loads(d.run("check", "--json"))
    assert told["check"]["verdict"] == "AC"
    d.run("check", "--language", "cobol", want=1)


def links(w, me, session, d):
    outside = w.dir + "/outside"
    os.mkdir(outside)
    os.symlink(outside, d.path + "/down")
    os.remove(d.path + "/notes.txt")
    os.symlink("../outside/notes", d.path + "/notes.txt")
    has(d.run("push"), "left out: down is a symbolic link",
        "left out: notes.txt is a symbolic link", "Nothing has changed")
    assert "notes.txt" in server(me, session)
    server_save(me, session, {"notes.txt": "other", "down/x": "x"})
    has(d.run("pull", want=1), "notes.txt was changed on the server and is "
        "not written", "down/x was changed")
    assert os.path.islink(d.path + "/notes.txt") and not os.listdir(outside)
    os.remove(d.path + "/notes.txt")
    os.remove(d.path + "/down")

    # Whatever their names are, and however they are shown.
    odd = ["l" * 210, "in\u200bvisible"]
    server_save(me, session, {name: "x" for name in odd})
    d.run("pull")
    for name in odd:
        os.remove(d.path + "/" + name)
        os.symlink("/none", d.path + "/" + name)
    d.run("push")
    assert set(odd) <= set(server(me, session))
    for name in odd:
        os.remove(d.path + "/" + name)


def interrupted(w, me, session):
    """Whatever is there when it is killed, the same command goes on."""
    many = {f"d{i % 7}/f{i}": f"{i}" * 50 for i in range(300)}
    server_save(me, session, many)
    d = Dir(w, "killed", w.token("sam"))
    screen, theirs = pty.openpty()
    p = subprocess.Popen([BIN + "/assay", "lab", "open", "c/l", d.path,
                          "--url", w.url, "--token-file", d.key],
                         stdout=subprocess.DEVNULL, stderr=theirs)
    os.close(theirs)
    seen = b""
    while b"writing" not in seen:  # its bar
        seen += os.read(screen, 1000)
    p.send_signal(signal.SIGINT)
    p.wait()
    os.close(screen)
    left = json.loads(d.run("open", "--json", before=["c/l"]))
    assert left["conflicts"] == [] and left["left_out"] == []
    now = server(me, session)
    assert set(d.names()) == set(now) | {".assay-lab"}
    has(d.run("push"), "Nothing has changed")

    # The answer of a save was lost: what is there is what was saved.
    mark = d.read(".assay-lab")
    d.write("d0/f0", "again")
    d.run("push")
    d.write(".assay-lab", mark)
    has(d.run("push"), "Nothing has changed")

    # A merge was: half of it is written, the mark is the old one.
    mark = d.read(".assay-lab")
    server_save(me, session, {"d0/f0": "there", "d1/f1": "there"})
    d.write("d0/f0", "here")
    d.run("pull", want=1)
    d.write(".assay-lab", mark)
    d.run("pull", want=1)
    assert [n for n in d.names() if "server" in n] == ["d0/f0.server"]


def refused(w):
    d = Dir(w, "refused", w.token("sam"))
    has(d.run("open", before=["l"], want=2), "COURSE/LAB")
    has(d.run("open", before=["c/none"], want=1), "not_found")
    has(d.run("pull", want=1), "assay lab open COURSE/LAB")
    d.write("mine.txt", "x")
    d.write(".assay-new", "mine, too")
    has(d.run("open", before=["c/l"], want=1), "holds files already")
    assert d.read(".assay-new") == "mine, too"
    bob = Dir(w, "sam-lab", w.token("bob"))
    has(bob.run("pull", want=1), "somebody else")
    has(bob.run("push", want=1), "not_found")
    has(bob.run("open", before=["c/other"], want=1), "is the folder of c/l")


def nobody_judges():
    with World(options=["--worker", "none"]) as w:
        w.publish("l", starter=[{"name": "main.py", "text": ""}],
                  check={"kind": "io", "languages": ["python"],
                         "tests": SUM})
        d = Dir(w, "sam-lab", w.token("sam"))
        d.run("open", before=["c/l"])
        p = subprocess.Popen([BIN + "/assay", "lab", "check", d.path, "--url",
                              w.url, "--token-file", d.key],
                             stderr=subprocess.PIPE, text=True)
        seen = ""
        while "what came of it" not in seen:
            line = p.stderr.readline()
            assert line, seen
            seen += line
        p.send_signal(signal.SIGINT)
        p.communicate()
        has(seen, "No worker can take it now", "assay lab result --run")


def server(me, session):
    told, data = me.query("lab.files", {"session": session, "contents": True})
    out, at = {}, 0
    for f in told["files"]:
        out[f["name"]] = data[at:at + f["size"]]
        at += f["size"]
    return out


def server_save(me, session, files, removed=()):
    me.command("lab.save", {
        "session": session, "removed": list(removed),
        "files": [{"name": n, "text": t} for n, t in files.items()]})


with World() as w:
    w.publish("l", starter=[
        {"name": "main.py", "text": "print(3)\n"},
        {"name": "notes.txt", "text": LINES},
        {"name": "run.sh", "text": "true\n", "executable": True}],
        check={"kind": "io", "languages": ["python"], "tests": SUM})
    me = w.learner("sam")
    # By flags alone it is the server's method.
    session = json.loads(w.assay("lab", "open", "--course", "c", "--slug",
                                 "l", "--json", key=w.token("sam")))["session"]
    d = open_pull_push(w, me, session)
    check(d)
    links(w, me, session, d)
    interrupted(w, me, session)
    refused(w)
nobody_judges()
print("fine")
