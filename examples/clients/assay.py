"""A whole client of Assay in Python, standard library only.

    from assay import Assay
    a = Assay("assay-data/assay.sock", token)
    print(a.query("server.time"))

It speaks the wire of docs/wire.md over the server's unix socket; give
("127.0.0.1", 8141) instead of a path for a tcp:// address.
"""
import json
import secrets
import socket
import struct
import time


class Refused(Exception):
    """The server said no: kind is a stable word, field points into params."""

    def __init__(self, error):
        super().__init__(error["message"])
        data = error.get("data", {})
        self.code = error["code"]
        self.kind = data.get("kind")
        self.retry = data.get("retry", False)
        self.retry_after_ms = data.get("retry_after_ms", 500)
        self.field = data.get("field")
        self.state = data.get("state")


class Assay:
    def __init__(self, address, token=None, timeout=10, tries=5):
        self.address, self.token = address, token
        self.timeout, self.tries = timeout, tries
        self.socket = None
        self.number = secrets.randbits(31)

    def command(self, method, params=None, data=None):
        """A call that changes something.

        It gets an idempotency key, so that sending it again after a lost
        connection cannot do it twice.
        """
        params = dict(params or {})
        params.setdefault("idempotency_key", secrets.token_hex(16))
        return self.query(method, params, data)

    def query(self, method, params=None, data=None):
        """The result; (result, bytes) where the method gives bytes."""
        params = params or {}
        message = {"jsonrpc": "2.0", "id": 1, "method": method,
                   "params": params}
        if self.token:
            message["auth"] = self.token
        body = json.dumps(message).encode()
        if data is not None:
            body += b"\0" + data
        for left in reversed(range(self.tries)):
            try:
                text, nul, given = self.exchange(body).partition(b"\0")
                reply = json.loads(text)
                if "result" in reply:
                    return (reply["result"], given) if nul else reply["result"]
                raise Refused(reply["error"])
            except Refused as e:
                if not e.retry or not left:
                    raise
                time.sleep(e.retry_after_ms / 1000)
            except OSError:
                self.close()
                if not left:
                    raise
                time.sleep(0.2)

    def exchange(self, body):
        if not self.socket:
            self.connect()
        self.number = (self.number + 1) & 0x7FFFFFFF
        mark = struct.pack(">I", self.number | 0x80000000)
        start = b"\1" if self.ipc else b""
        self.socket.sendall(
            start + struct.pack(">Q", len(body) + 4) + mark + body)
        while True:
            head = self.read(9 if self.ipc else 8)
            answer = self.read(struct.unpack(">Q", head[-8:])[0])
            if answer[:4] == mark:  # else the answer to one we gave up on
                return answer[4:]

    def connect(self):
        self.ipc = isinstance(self.address, str)
        if self.ipc:
            self.socket = socket.socket(socket.AF_UNIX)
            self.socket.settimeout(self.timeout)
            self.socket.connect(self.address)
        else:
            self.socket = socket.create_connection(self.address, self.timeout)
        self.socket.sendall(b"\0SP\0\0\x30\0\0")  # we are a req
        if self.read(8) != b"\0SP\0\0\x31\0\0":  # the server is a rep
            raise ConnectionError("not an Assay server")

    def read(self, n):
        got = bytearray()
        while len(got) < n:
            part = self.socket.recv(n - len(got))
            if not part:
                raise ConnectionError("the server hung up")
            got += part
        return bytes(got)

    def close(self):
        if self.socket:
            self.socket.close()
        self.socket = None

