"""A process that workers are forked from.

It has imported what an app imports, and nothing of the app itself: no thread, no
event loop, no connection but the one to the host. A fork of it is a worker within
milliseconds. For each the host sends the sockets and pipes that it shall have.

    host to template                      template to host
    fork    with 3 descriptors            forked  pid
    import  modules                       unfit   id (a module)
    terminate                             ended   pid code
"""

import gc
import importlib
import os
import select
import signal
import socket
import struct
import sys

from . import invoke, logs, wire

FORKS = "LAZULI_WORKER_FORKS"

# Packages that start threads of their own, or hold on to what a fork has not.
UNFIT = ("grpc", "gevent", "eventlet", "greenlet", "ddtrace", "newrelic", "torch", "tensorflow", "jax", "debugpy", "pydevd")


class Template:
    """Answers the host. serve returns in each worker, and at the end."""

    def __init__(self, connection):
        self.wire = connection
        self.conn = connection.conn
        self.pending, self.descriptors = b"", []
        self.children = set()
        self.closing = False
        self.waking, self.woken = os.pipe()
        os.set_blocking(self.waking, False)
        os.set_blocking(self.woken, False)
        signal.set_wakeup_fd(self.woken, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)

    def serve(self):
        """The connection of a worker, in the worker; None when there is no more to
        fork."""
        poll = select.poll()
        poll.register(self.conn, select.POLLIN)
        poll.register(self.waking, select.POLLIN)
        settle()
        while not (self.closing and not self.children):
            for fd, _ in poll.poll():
                if fd == self.waking:
                    self.reap()
                    continue
                data, descriptors, _, _ = socket.recv_fds(self.conn, 1 << 16, 8)
                if not data:
                    return None  # the host has gone; the workers notice it themselves
                self.pending += data
                self.descriptors += descriptors
                for message in self.messages():
                    connection = self.handle(message)
                    if connection is not None:
                        return connection
        return None

    def messages(self):
        """The whole messages among what has come."""
        while len(self.pending) >= 4:
            end = 4 + struct.unpack(">I", self.pending[:4])[0]
            if len(self.pending) < end:
                return
            header, self.pending = self.pending[4:end], self.pending[end:]
            yield wire.loads(header)

    def handle(self, message):
        verb = message["verb"]
        if verb == "fork" and len(self.descriptors) >= 3:
            return self.fork(message["id"])
        if verb == "import":
            self.preload(message.get("modules") or ())
        elif verb == "terminate":
            self.closing = True
        return None

    def fork(self, id):
        given, self.descriptors = self.descriptors[:3], self.descriptors[3:]
        logs.flush()
        pid = os.fork()
        if pid == 0:
            return self.become(*given)
        try:
            os.setpgid(pid, pid)
        except OSError:
            pass  # it did so itself, or has ended
        for fd in given:
            os.close(fd)
        self.children.add(pid)
        self.wire.send({"verb": "forked", "id": id, "pid": pid})
        return None

    def become(self, conn, out, err):
        """Makes the child a worker: nothing of the template stays but its modules."""
        try:
            os.setpgid(0, 0)
        except OSError:
            pass
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.close(self.waking)
        os.close(self.woken)
        for fd, standard in ((out, 1), (err, 2)):
            os.dup2(fd, standard)
            os.close(fd)
        os.close(self.conn.detach())  # a file that reads it would keep it open
        invoke.PID = os.getpid()
        numpy = sys.modules.get("numpy.random")
        if numpy is not None:
            numpy.seed()  # random itself does so
        os.set_inheritable(conn, False)
        return wire.Wire(socket.socket(fileno=conn))

    def reap(self):
        """Tells of the workers that have ended."""
        try:
            while os.read(self.waking, 512):
                pass
        except BlockingIOError:
            pass
        while self.children:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            if pid in self.children:
                self.children.discard(pid)
                self.wire.send({"verb": "ended", "pid": pid, "code": os.waitstatus_to_exitcode(status)})

    def preload(self, names):
        """Imports what the app was seen to import, as long as a fork bears it."""
        before, known = held(), set(sys.modules)
        for name in names:
            if name in sys.modules:
                continue
            try:
                importlib.import_module(name)
            except BaseException:
                continue  # the app says what is wrong, if it is
            if threads() > 1 or held() - before or any(not packaged(m) for n, m in list(sys.modules.items()) if n not in known):
                self.wire.send({"verb": "unfit", "id": name})
                self.closing = True
                return
        settle()


def settle():
    """Lets forks share what is there."""
    gc.collect()
    gc.freeze()


def threads():
    try:
        return len(os.listdir("/proc/self/task"))
    except OSError:
        return 1


def held():
    """The connections and the like that are open."""
    found = set()
    try:
        for fd in os.listdir("/proc/self/fd"):
            try:
                target = os.readlink("/proc/self/fd/" + fd)
            except OSError:
                continue
            if target.startswith(("socket:", "anon_inode:")):
                found.add(target + fd)
    except OSError:
        pass
    return found


LIBRARY = os.path.dirname(os.__file__) + os.sep


def origin(module):
    """The file of a module, or None."""
    at = getattr(getattr(module, "__spec__", None), "origin", None)
    return at if isinstance(at, str) and os.path.isabs(at) else None


def packaged(module):
    """Whether a module is of Python or of a package, and not of an app."""
    at = origin(module)
    return at is None or at.startswith(LIBRARY) or "site-packages" in at.split(os.sep) or "dist-packages" in at.split(os.sep)


class Before:
    """How the interpreter was before an app was imported."""

    def __init__(self):
        self.modules = set(sys.modules)
        self.state = self.now()

    @staticmethod
    def now():
        return dict(os.environ), list(sys.path), list(sys.meta_path), list(sys.path_hooks)

    def learned(self):
        """The modules that the app imported from packages and that may be imported
        before it; none when it had prepared the interpreter for them."""
        if self.now() != self.state or any(name in sys.modules for name in UNFIT):
            return []
        found = [name for name, module in list(sys.modules.items())
                 if name not in self.modules and not name.startswith("lazuli_worker") and origin(module) and packaged(module)]
        return found[:5000]
