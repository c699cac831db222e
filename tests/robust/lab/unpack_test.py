"""An archive among a lab's files is opened by a worker: its files stand where it
was, what no work can have is named, and one over a limit changes nothing.

usage: unpack_test.py BIN
"""
import io
import tarfile
import zipfile

from lab_world import World


def zipped(files):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as z:
        for name, data in files.items():
            z.writestr(name, data)
    return out.getvalue()


def tarred(entries):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as t:
        for name, kind in entries:
            e = tarfile.TarInfo(name)
            e.type, e.mode, e.linkname = kind, 0o755, "/etc/passwd"
            t.addfile(e)
    return out.getvalue()


class Work:
    def __init__(self, w, who):
        self.w, self.me = w, w.learner(who)
        self.session = self.me.command("lab.open", {"course": "c",
                                                    "slug": "l"})["session"]

    def save(self, name, data):
        self.me.command("lab.save", {"session": self.session, "files": [
            {"name": name, "size": len(data)}]}, data)

    def unpack(self, name):
        run = self.me.command("lab.unpack", {"session": self.session,
                                             "name": name})["run"]
        told = self.w.result(self.me, run)
        assert (told["kind"], told["state"]) == ("unpack", "done"), told
        return told["result"]

    def files(self):
        told, _ = self.me.query("lab.files", {"session": self.session,
                                              "contents": True})
        return {f["name"]: f["executable"] for f in told["files"]}


with World() as w:
    w.publish("l", starter=[{"name": "a.txt", "text": "a"}])
    s = Work(w, "sam")
    s.save("sub/h.zip", zipped({"main.c": b"x", "d/e.h": b"y"}))
    told = s.unpack("sub/h.zip")
    assert told["files"] == 2 and told["left_out"] == [], told
    assert set(s.files()) == {"a.txt", "sub/main.c", "sub/d/e.h"}

    s.save("t.tgz", tarred([("run.sh", tarfile.REGTYPE),
                            ("link", tarfile.SYMTYPE),
                            ("../up", tarfile.REGTYPE)]))
    told = s.unpack("t.tgz")
    left = {r["name"]: r["why"] for r in told["left_out"]}
    assert left.keys() == {"link", "../up"}, told
    assert left["link"] == "is a symbolic link"
    assert s.files()["run.sh"] and "t.tgz" not in s.files()

    # The learner's own files stay; an archive of which nothing is taken, too.
    s.save("twin.zip", zipped({"A.TXT": b"theirs", "new.txt": b"n"}))
    told = s.unpack("twin.zip")
    assert told["files"] == 1, told
    assert [r["name"] for r in told["left_out"]] == ["A.TXT"], told
    assert {"a.txt", "new.txt"} <= set(s.files())
    s.save("link.tgz", tarred([("link", tarfile.SYMTYPE)]))
    told = s.unpack("link.tgz")
    assert "no file in it" in told["reason"] and told["files"] == 0, told
    assert [r["name"] for r in told["left_out"]] == ["link"], told
    s.save("none.zip", zipped({"A.TXT": b"theirs"}))
    told = s.unpack("none.zip")
    assert "none of its files fits" in told["reason"], told
    assert "commit" not in told and told["files"] == 0, told
    assert {"link.tgz", "none.zip", "a.txt"} <= set(s.files())

    # Nothing of it, and the entry at which it showed.
    before = s.files()
    bomb = zipped({"ok.txt": b"x", "bomb.bin": bytes(3 << 20)})
    s.save("bomb.zip", bomb)
    told = s.unpack("bomb.zip")
    assert "200 times its size, at its entry bomb.bin" in told["reason"], told
    assert "commit" not in told
    assert s.files() == {**before, "bomb.zip": False}
    told = s.unpack("a.txt")
    assert "not a zip or tar archive" in told["reason"], told
print("fine")
