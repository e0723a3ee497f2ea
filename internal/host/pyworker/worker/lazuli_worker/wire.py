"""Frames: a length, a header in JSON, and parts of raw bytes behind it."""

import collections
import json
import os
import socket
import struct
import threading

ADDRESS = "LAZULI_WORKER_ADDRESS"
TOKEN = "LAZULI_WORKER_TOKEN"

# What the host reads at most of one message: its header, its parts, and their bytes.
MAX_HEADER = 16 << 20
MAX_PARTS = 1 << 20
MAX_SIZE = (1 << 31) - 1

loads = json.loads
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), check_circular=False, allow_nan=False).encode


class Wire:
    """The connection to the host. send may be called from every thread."""

    def __init__(self, conn):
        self.conn = conn
        self._in = conn.makefile("rb", 1 << 18)
        self._lock = threading.RLock()
        self._waiting = collections.deque()
        self._sending = False
        self._mute = False
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self._forked)

    def _forked(self):
        # A child that the app forks has our socket, and must not speak on it.
        self._mute = True
        self._lock = threading.RLock()

    def receive(self):
        """The next message and its parts; None when the host has gone."""
        length = self._in.read(4)
        if len(length) < 4:
            return None
        header = self._in.read(struct.unpack(">I", length)[0])
        message = json.loads(header)
        sizes = message["parts"]
        if not sizes:
            return message, ()
        body = self._in.read(sum(sizes))
        if len(sizes) == 1:
            return message, (body,)
        parts, at = [], 0
        for size in sizes:
            parts.append(body[at:at + size])
            at += size
        return message, parts

    def send(self, message, parts=()):
        """Sends a message. ValueError and TypeError say that it has no form on the
        wire, and then nothing was sent."""
        frame = encode(message, parts)
        with self._lock:
            if self._mute:
                return
            # What is logged while a frame is being written, by a destructor for
            # one, comes behind it.
            self._waiting.append(frame)
            if self._sending:
                return
            self._sending = True
            try:
                while self._waiting:
                    self.conn.sendall(self._waiting.popleft())
            except OSError:
                self._mute = True  # the host has gone, which receive will notice
            finally:
                self._sending = False


def encode(message, parts):
    """The frame of a message. The sizes come first: by them the host passes over a
    frame that it cannot read."""
    sizes = [len(p) for p in parts]
    header = _encode({"parts": sizes, **message}).encode("utf-8", "backslashreplace")
    if len(header) > MAX_HEADER:
        raise ValueError("the names, headers and numbers of an answer take %d bytes; at most %d fit. Put what is "
                         "large into a body or an output" % (len(header), MAX_HEADER))
    if len(sizes) > MAX_PARTS or sum(sizes) > MAX_SIZE:
        raise ValueError("the body and outputs of an answer are %d values of %d bytes; at most %d of %d bytes fit"
                         % (len(sizes), sum(sizes), MAX_PARTS, MAX_SIZE))
    return b"".join((struct.pack(">I", len(header)), header, *parts))


def connect():
    """Dials the host and says the token. The app is not told either."""
    network, _, at = os.environ.pop(ADDRESS).partition(":")
    token = os.environ.pop(TOKEN)
    if network == "unix":
        conn = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        conn.connect(at)
    else:
        host, _, port = at.rpartition(":")
        conn = socket.create_connection((host, int(port)))
        conn.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    wire = Wire(conn)
    wire.send({"verb": "start", "token": token})
    return wire
