"""What an editor saves while a terminal runs is in its folder, whatever the
learner planted there; where both change a file, both are kept.

usage: editor_test.py BIN
"""
import os

from lab_world import Terminal, World


def save(t, name, text):
    t.client.command("lab.save", {"session": t.session, "files": [
        {"name": name, "text": text}]})


with World() as w:
    w.publish("l", starter=[{"name": "a.txt", "text": "a"},
                            {"name": "both.txt", "text": "b"}])
    t = Terminal(w.learner("sam"), "l")
    t.type(b"ls; echo rea''dy\r")
    t.until(b"ready")
    save(t, "new/e.txt", "by the editor")
    t.type(b"until [ -e new/e.txt ]; do :; done; cat new/e.txt; echo '=A'\r")
    t.until(b"by the editor=A")
    t.client.command("lab.save", {"session": t.session,
                                  "removed": ["a.txt"]})
    t.type(b"while [ -e a.txt ]; do :; done; echo go''ne\r")
    t.until(b"gone")

    # Links are replaced and not followed; a folder outside is not entered.
    outside = w.dir + "/outside"
    os.mkdir(outside)
    t.type(b"ln -s /etc/passwd l.txt; ln -s " + outside.encode() +
           b" d; ln -s /tmp e; echo plan''ted\r")
    t.until(b"planted")
    save(t, "l.txt", "a file")
    t.type(b"while [ -L l.txt ]; do :; done; cat l.txt; echo '=B'\r")
    t.until(b"a file=B")
    save(t, "d/x.txt", "x")
    save(t, "e/x.txt", "x")
    save(t, "last.txt", "x")
    t.type(b"until [ -e last.txt ]; do :; done; ls /tmp; echo la''st\r")
    t.until(b"last\r\n")
    assert not os.listdir(outside) and not os.path.exists("/tmp/x.txt")
    assert "e/x.txt" in t.files()

    # Both in the same moment: neither is lost.
    t.type(b"echo shell > both.txt; echo do''ne\r")
    t.until(b"done")
    save(t, "both.txt", "editor")
    t.type(b"until [ -e both.txt.editor ]; do :; done; echo be''side\r")
    t.until(b"beside")
    assert t.files()["both.txt"] == b"shell\n"
    assert t.files()["both.txt.editor"] == b"editor"

    t.type(b"echo more > last.txt; echo mo''re\r")
    t.until(b"more\r\n")
    t.end()
    assert t.files()["last.txt"] == b"more\n" and "new/e.txt" in t.files()
print("fine")
