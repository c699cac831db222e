#!/usr/bin/env python3
"""Checks an audit bundle of Assay without any of Assay's code.

    verify_bundle.py BUNDLE.jsonl [PUBLIC-KEY-IN-HEX]

BUNDLE is what audit.export gives. With the key (audit.head tells it; keep
your own copy) checkpoints by another key are refused. Exit code 1: not
intact. Signatures are checked with the program openssl. The format stands in
docs/security.md.
"""
import hashlib
import json
import subprocess
import sys
import tempfile
import uuid


def blake(*parts):
    return hashlib.blake2b(b"".join(parts), digest_size=32).digest()


def number(n):
    return n.to_bytes(8, "little", signed=True)


def sized(data):  # -1: absent
    return number(-1) if data is None else number(len(data)) + data


def members(line):
    """Value and source text of each member: digests cover the text."""
    decoder, at, found = json.JSONDecoder(), 1, {}
    while line[at - 1] != "}":
        name, at = decoder.raw_decode(line, at)
        value, end = decoder.raw_decode(line, at + 1)
        found[name] = value, line[at + 1:end]
        at = end + 1
    return found


def digest(m):
    def ident(name):
        return uuid.UUID(m[name][0]).bytes if name in m else bytes(16)

    def text(name):
        return sized(m[name][0].encode() if name in m else None)

    def raw(name):
        return sized(m[name][1].encode() if name in m else None)

    def binary(name):
        return sized(bytes.fromhex(m[name][0]) if name in m else None)

    return blake(
        number(m["node"][0]), number(m["seq"][0]), ident("org"),
        ident("stream"), number(m["n"][0]), number(m["at_ms"][0]),
        text("actor"), ident("learner"), text("event"),
        bytes([m["keyed"][0]]), binary("idem"), binary("ask"), raw("body"),
        binary("personal_hash"), raw("reply"))


def signed(p):
    """Ed25519 over the checkpoint's own lines."""
    said = "assay-checkpoint-1\n%d\n%d\n%d\n%s" % (
        p["node"], p["seq"], p["at_ms"], p["hash"])
    with tempfile.NamedTemporaryFile() as key, \
            tempfile.NamedTemporaryFile() as sig, \
            tempfile.NamedTemporaryFile() as message:
        key.write(bytes.fromhex("302a300506032b6570032100" + p["key"]))
        sig.write(bytes.fromhex(p["sig"]))
        message.write(said.encode())
        for f in key, sig, message:
            f.flush()
        return subprocess.run(
            ["openssl", "pkeyutl", "-verify", "-pubin", "-keyform", "DER",
             "-inkey", key.name, "-rawin", "-sigfile", sig.name,
             "-in", message.name], capture_output=True).returncode == 0


def verify(lines, trusted=None):
    node = seq = head = None
    records = points = 0
    keys = set()
    for line in lines:
        m = members(line.rstrip("\n"))
        value = {name: v[0] for name, v in m.items()}
        if "assay_audit" in m:  # a page begins
            if node == value["node"]:
                assert (seq, head.hex()) == (value["after"], value["hash"]), \
                    "a page does not begin where the last one ended"
            node, seq = value["node"], value["after"]
            head = bytes.fromhex(value["hash"])
        elif "checkpoint" in m:
            p = value["checkpoint"]
            assert signed(p), "checkpoint %d: wrong signature" % p["seq"]
            assert trusted in (None, p["key"]), "signed by another key"
            assert (seq, head.hex()) == (p["seq"], p["hash"]), \
                "checkpoint %d: another chain was signed" % p["seq"]
            points += 1
            keys.add(p["key"])
        else:
            assert value["seq"] == seq + 1, "a gap after %d" % seq
            seq = value["seq"]
            own = (bytes.fromhex(value["digest"]) if "digest" in m
                   else digest(m))  # another tenant's: the digest alone
            head = blake(head, own)
            if "hash" in m:
                assert head.hex() == value["hash"], "%d was changed" % seq
            if "personal" in m:
                assert value["personal_hash"] == blake(
                    sized(bytes.fromhex(value["personal_salt"])),
                    sized(value["personal"].encode())).hex(), \
                    "the personal part of %d was changed" % seq
            records += 1
    return node, seq, records, points, keys


if __name__ == "__main__":
    try:
        with open(sys.argv[1], encoding="utf-8") as f:
            node, seq, records, points, keys = verify(f, *sys.argv[2:3])
    except AssertionError as e:
        sys.exit("NOT intact: %s" % e)
    print("intact: node %d, %d records up to %d, %d checkpoints signed by %s"
          % (node, records, seq, points, ", ".join(sorted(keys)) or "nobody"))
