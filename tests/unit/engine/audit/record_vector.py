#!/usr/bin/env python3
"""The hashes that record_test.c expects, from record.h's words alone."""
import hashlib
import struct


def number(v):
    return struct.pack("<q", v)


def text(s):
    return number(-1) if s is None else number(len(s)) + s


def ident(first):
    return bytes([first]) + bytes(15)


def blake(data):
    return hashlib.blake2b(data, digest_size=32).digest()


record = (number(1) + number(2) + ident(3) + ident(4) + number(5)
          + number(1790000000000) + text(b"key:1") + ident(6)
          + text(b"attempt.answered") + b"\x01" + text(b"0123456789abcdef")
          + text(b"fedcba9876543210") + text(b'{"slot":1}') + text(None)
          + text(b"{}"))
digest = blake(record)
print(digest.hex())
print(blake(bytes([7]) * 32 + digest).hex())
