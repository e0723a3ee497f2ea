"""What the host asks for, and the life of the process.

Threads take turns to read the socket; who reads an invocation of a plain function
runs it. Async functions run on the event loop of the main thread, where the app is
imported as well.
"""

import asyncio
import concurrent.futures
import gc
import logging
import os
import sys
import threading

from . import crew, faults, lazy, logs, template, wire
from .invoke import Invocation
from .model import App

VERSION = "1"
THREADS = "PYTHON_THREADPOOL_THREAD_COUNT"
CAPABILITIES = {
    "RawHttpBodyBytes": "true", "TypedDataCollection": "true", "RpcHttpBodyOnly": "true", "WorkerStatus": "true",
    "RpcHttpTriggerMetadataRemoved": "true", "HandlesWorkerTerminateMessage": "true",
}


class Worker:
    """Answers the host."""

    def __init__(self, connection, loop, learns):
        self.wire, self.loop = connection, loop
        self.learns = learns  # the host wants to know what the app imports
        self.app = None
        self.streams = None
        self.indexed = {}
        self.tasks = set()
        self.verbs = {"init": self.init, "index": self.index, "load": self.load, "status": self.status}
        self.crew = crew.Crew(threads(), self.read)
        self.pool = None  # of plain functions whose requests come by HTTP

    def read(self):
        """Reads what the host says, until there is a plain function to run; None
        when it terminates us or has gone."""
        received = None
        try:
            while True:
                received = self.wire.receive()
                if received is None or received[0]["verb"] == "terminate":
                    break
                message, parts = received
                if message["verb"] == "invoke":
                    run = self.invoke(message, parts)
                    if run is not None:
                        return run
                elif message["verb"] in self.verbs:
                    self.loop.call_soon_threadsafe(self.verbs[message["verb"]], message)
        except BaseException:
            self.end(0)
            raise
        self.end(received[0].get("grace", 0) if received else 0)
        return None

    def end(self, grace):
        self.loop.call_soon_threadsafe(self.loop.stop)
        # What the app leaves running must not hold up the end.
        late = threading.Timer(max(0.5, grace * 0.8), os._exit, (0,))
        late.daemon = True
        late.start()

    def init(self, message):
        directory = message["appDir"]
        os.chdir(directory)
        add_packages(directory)
        sys.path.append(directory)
        self.app = App(directory)
        before = template.Before() if self.learns else None
        answer = self.app.index()
        if before is not None and "error" not in answer:
            answer["modules"] = before.learned()
        if self.app.web is not None and "error" not in answer:
            answer = self.stream(answer)
        self.indexed = answer
        self.wire.send({"verb": "init", "capabilities": CAPABILITIES, "runtime": {
            "name": "python", "version": "%d.%d.%d" % sys.version_info[:3], "worker": VERSION}})
        logs.flush()

    def stream(self, answer):
        """Opens the server of the app's web extension."""
        from .streams import Streams
        try:
            self.pool = concurrent.futures.ThreadPoolExecutor(self.crew.most, "function")
            self.streams = Streams(self.app.web, self.loop)
            CAPABILITIES["HttpUri"] = self.streams.address
            CAPABILITIES["RequiresRouteParameters"] = "true"
        except Exception as error:
            return {"error": faults.load_fault(error, self.app.directory, self.app.script)}
        return answer

    def index(self, message):
        try:
            self.wire.send({"verb": "index", **self.indexed})
        except (TypeError, ValueError) as error:  # it has no form on the wire
            self.wire.send({"verb": "index", "error": faults.fault(error)})

    def load(self, message):
        answer = {"verb": "load", "id": message["function"]["id"]}
        fault = self.app.load(message["function"])
        if fault is not None:
            answer["error"] = fault
        logs.flush()
        self.wire.send(answer)

    def status(self, message):
        self.wire.send({"verb": "status"})

    def invoke(self, message, parts):
        """Begins an async function, or returns what runs a plain one."""
        function = self.app.functions.get(message["functionId"])
        if function is None:
            self.wire.send({"verb": "invoke", "id": message["id"], "status": "failed",
                            "error": {"message": "no function has the id " + message["functionId"]}})
            return None
        invocation = Invocation(self.wire, self.app.checker.converters, function, message, parts)
        if function.streams:
            self.loop.call_soon_threadsafe(self.start, self.streams.run(invocation, self.pool))
        elif function.is_async:
            self.loop.call_soon_threadsafe(self.start, invocation.run_async())
        else:
            return invocation.run
        return None

    def start(self, coroutine):
        task = self.loop.create_task(coroutine)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)


def threads():
    """How many plain functions run at once."""
    usual = min(32, (os.cpu_count() or 1) + 4)
    text = os.environ.get(THREADS)
    if not text:
        return usual
    try:
        count = int(text)
    except ValueError:
        logging.getLogger("azure.functions").warning("%s must be an integer", THREADS)
        return usual
    if not 1 <= count <= 1024:
        logging.getLogger("azure.functions").warning(
            "%s must be set to a value between 1 and 1024. Reverting to default value.", THREADS)
        return usual
    return count


def add_packages(directory):
    """Lets packages be imported that lie beside the app's code."""
    packages = os.path.join(directory, ".python_packages", "lib", "site-packages")
    if os.path.isdir(packages) and packages not in sys.path:
        sys.path.insert(0, packages)


def preload(directory):
    """Imports what every app does."""
    add_packages(directory)
    gc.disable()
    try:
        lazy.load("azure.functions", without="werkzeug")
    except BaseException:
        pass  # the app says what is wrong
    gc.enable()


def main():
    sys.path.pop(0)  # ours; what is imported from here on is the app's
    connection = wire.connect()
    forks = os.environ.pop(template.FORKS, "")
    preload(os.environ.get("FUNCTIONS_APPLICATION_DIRECTORY") or os.getcwd())
    if forks:
        connection = template.Template(connection).serve()
        if connection is None:
            return 0
    logs.install(connection)
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    worker = Worker(connection, loop, bool(forks))
    worker.crew.begin()
    loop.run_forever()
    worker.crew.drain()
    logs.flush()
    return 0
