"""A learner's terminal in JavaScript over a WebSocket, as a browser has it:
types, resizes, loses the connection, comes back to the same screen. Skipped
where there is no node with a WebSocket of its own.

usage: browser_test.py BIN
"""
import os
import socket
import subprocess
import sys

from lab_world import World

HERE = os.path.dirname(os.path.abspath(__file__))
FLAGS = [[], ["--experimental-websocket"]]


def node():
    for flags in FLAGS:
        try:
            done = subprocess.run(
                ["node", *flags, "-e", "new WebSocket('ws://127.0.0.1:1/')"
                 ".onerror = () => process.exit(0)"], capture_output=True)
        except OSError:
            break
        if done.returncode == 0:
            return ["node", *flags]
    print("skipped: no node with a WebSocket")
    sys.exit(77)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


program = node()
ws = "ws://127.0.0.1:%d/rpc" % free_port()
with World(listen="," + ws) as w:
    w.publish("l")
    with open(w.token("sam")) as f:
        token = f.read().strip()
    subprocess.run([*program, HERE + "/terminal.mjs", ws, token], check=True,
                   timeout=200)
print("fine")
