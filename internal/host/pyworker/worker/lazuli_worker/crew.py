"""Threads that take turns to read the socket.

Who reads an invocation of a plain function runs it itself, after another has taken
its place at the socket: no thread has to be woken before a function begins. As many
run at once as the app may have threads; what comes beyond waits in a queue.
"""

import collections
import threading
import traceback


class Crew:
    """read is called by one thread at a time, and returns what that thread is to
    run, or None at the end."""

    def __init__(self, most, read):
        self.most, self.read = most, read
        self.reading = threading.Lock()  # held by who reads
        self.state = threading.Condition(threading.Lock())  # guards what follows
        self.running = self.threads = self.free = 0
        self.backlog = collections.deque()
        self.ended = False

    def begin(self):
        with self.state:
            self.add()

    def add(self):
        """Adds a thread. The caller holds state."""
        self.threads += 1
        self.free += 1
        threading.Thread(target=self.work, name="function_%d" % (self.threads - 1), daemon=True).start()

    def work(self):
        while True:
            with self.reading:
                run = None if self.ended else self.next()
            if run is None:
                return
            while run is not None:
                try:
                    run()
                except BaseException:  # what answers has failed: the thread goes on
                    traceback.print_exc()
                run = self.more()

    def next(self):
        """Reads until there is something to run; None at the end."""
        while True:
            run = self.read()
            with self.state:
                if run is None:
                    self.ended = True
                    return None
                if self.running >= self.most:
                    self.backlog.append(run)
                    continue
                self.running += 1
                self.free -= 1
                if self.free == 0:
                    self.add()
                return run

    def more(self):
        """What waits to be run; None when nothing does."""
        with self.state:
            if self.backlog:
                return self.backlog.popleft()
            self.running -= 1
            self.free += 1
            if self.running == 0:
                self.state.notify_all()
            return None

    def drain(self):
        """Waits until nothing runs."""
        with self.state:
            while self.running:
                self.state.wait()
