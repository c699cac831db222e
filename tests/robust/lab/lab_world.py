"""A server with a worker, an organization and its learners, for the tests of
this folder."""
import importlib.util
import os
import select
import subprocess
import sys
import tempfile
import time

BIN = sys.argv[1]
LIMIT = 60  # seconds for any one thing to happen

_path = os.path.join(os.path.dirname(__file__), "../../../examples/clients")
_spec = importlib.util.spec_from_file_location("assay", _path + "/assay.py")
_client = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_client)
Assay, Refused = _client.Assay, _client.Refused


def until_dead(pids, limit=LIMIT):
    """Waits for the ends of processes that need not be ours."""
    end = time.monotonic() + limit
    for pid in pids:
        try:
            fd = os.pidfd_open(pid)
        except ProcessLookupError:
            continue
        left = end - time.monotonic()
        dead = left > 0 and select.select([fd], [], [], left)[0]
        os.close(fd)
        assert dead, f"process {pid} lives on"


def is_sanitized():
    """Built so that what is freed is kept for a while: memory tells nothing."""
    with open(BIN + "/assayd", "rb") as f:
        return b"libasan" in f.read()


class World:
    def __init__(self, listen="", options=()):
        self.folder = tempfile.TemporaryDirectory()
        d = self.dir = self.folder.name
        os.chmod(d, 0o711)
        self.socket = d + "/s"
        self.url = "ipc://" + self.socket
        self.admin = d + "/admin"
        subprocess.run([BIN + "/assayd", "init", "--data", d + "/data",
                        "--organization", "U", "--key-file", self.admin],
                       check=True, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL)
        self.server = subprocess.Popen(
            [BIN + "/assayd", "--data", d + "/data", "--listen",
             self.url + listen, *options], stderr=subprocess.PIPE, text=True)
        for line in self.server.stderr:
            if "server_ready" in line:
                break
        subprocess.Popen(["cat"], stdin=self.server.stderr,
                         stdout=subprocess.DEVNULL)
        self.key("new", "-o", d + "/jwk")
        with open(d + "/jwks", "w") as f:
            f.write(self.key("jwks", d + "/jwk"))
        self.assay("issuer", "register", "--issuer", "https://p.example",
                   "--jwks", "@" + d + "/jwks", key=self.admin)
        self.audience = self.as_admin().query("organization.get")["audience"]

    def key(self, *args):
        return subprocess.run([BIN + "/assay", "key", *args], check=True,
                              capture_output=True, text=True).stdout

    def assay(self, *args, key, check=True):
        return subprocess.run(
            [BIN + "/assay", *args, "--url", self.url, "--token-file", key],
            check=check, capture_output=True, text=True).stdout

    def token(self, name):
        """The path of a learner's token."""
        path = self.dir + "/" + name
        if not os.path.exists(path):
            subprocess.run([BIN + "/assay", "token", self.dir + "/jwk",
                            "--issuer", "https://p.example", "--audience",
                            self.audience, "--subject", name, "--courses", "c",
                            "-o", path], check=True,
                           stdout=subprocess.DEVNULL)
        return path

    def client(self, path):
        with open(path) as f:
            return Assay(self.socket, f.read().strip(), timeout=40)

    def as_admin(self):
        return self.client(self.admin)

    def learner(self, name):
        return self.client(self.token(name))

    def result(self, client, run):
        """What came of a run, check or unpacking."""
        told = {"state": "waits"}
        while told["state"] == "waits":
            told = client.query("lab.result", {"run": run, "wait_ms": 20000})
        return told

    def publish(self, slug, **more):
        self.as_admin().command("lab.publish", {"definition": {
            "assay_lab": 1, "course": "c", "slug": slug, "title": "L",
            **more}})

    def __enter__(self):
        return self

    def __exit__(self, *why):
        self.server.terminate()
        code = self.server.wait(30)
        self.folder.cleanup()
        assert why[0] or code == 0, code


class Terminal:
    """A learner's terminal by the methods themselves."""

    def __init__(self, client, slug, rows=24, cols=80):
        self.client = client
        self.session = client.command(
            "lab.open", {"course": "c", "slug": slug})["session"]
        self.attach = None
        self.open(rows, cols)

    def open(self, rows=24, cols=80):
        told = self.client.query("lab.terminal_open", {
            "session": self.session, "rows": rows, "cols": cols})
        self.attach = told["attach"]
        self.after = self.changes = None
        self.seen = b""
        self.state = told["state"]

    def _ask(self, method, params=None, data=None):
        return self.client.query(method, {
            "session": self.session, "attach": self.attach,
            **(params or {})}, data)

    def read(self, wait_ms=500):
        more = {} if self.after is None else {"after": self.after,
                                              "changes": self.changes}
        told, data = self._ask("lab.terminal_read",
                               {"wait_ms": wait_ms, **more})
        self.after, self.changes = told["next"], told["changes"]
        self.state, self.why = told["state"], told["why"]
        self.seen = (b"" if told["screen"] else self.seen) + data
        self.seen = self.seen[-200000:]

    def until(self, what, limit=LIMIT, times=1):
        end = time.monotonic() + limit
        while self.seen.count(what) < times and time.monotonic() < end:
            self.read()
        assert self.seen.count(what) >= times, (what, self.state, self.why,
                                                self.seen[-1000:])

    def type(self, keys):
        self._ask("lab.terminal_write", None, keys)

    def close(self):
        self._ask("lab.terminal_close", {"end": False})

    def end(self, limit=LIMIT):
        """Until the work is saved and the shell has ended."""
        self._ask("lab.terminal_close", {"end": True})
        end = time.monotonic() + limit
        self.open()
        while self.state != "parked":
            assert time.monotonic() < end, (self.state, self.why)
            self.read(10000)

    def files(self):
        told, data = self.client.query("lab.files", {
            "session": self.session, "contents": True})
        out, at = {}, 0
        for f in told["files"]:
            out[f["name"]] = data[at:at + f["size"]]
            at += f["size"]
        return out
