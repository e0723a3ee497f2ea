"""Functions that show which process they run in, and ways to end it."""

import json
import os
import random
import signal
import stat
import subprocess
import threading
import time

import azure.functions as func

app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)


@app.route(route="who")
def who(req: func.HttpRequest) -> str:
    return json.dumps({"pid": os.getpid(), "parent": os.getppid(), "group": os.getpgrp(), "random": random.random(),
                       "main": threading.main_thread().name, "cwd": os.getcwd()})


@app.route(route="slow")
def slow(req: func.HttpRequest) -> str:
    time.sleep(1)
    return str(os.getpid())


@app.route(route="die")
def die(req: func.HttpRequest) -> str:
    os._exit(7)


@app.route(route="killed")
def killed(req: func.HttpRequest) -> str:
    """As the system does it when memory is short."""
    os.kill(os.getpid(), signal.SIGKILL)


@app.route(route="memory")
def memory(req: func.HttpRequest) -> str:
    import resource
    resource.setrlimit(resource.RLIMIT_AS, (1 << 30, resource.RLIM_INFINITY))
    return str(len(bytearray(4 << 30)))


@app.route(route="hang")
def hang(req: func.HttpRequest) -> str:
    time.sleep(600)


@app.route(route="rubbish")
def rubbish(req: func.HttpRequest) -> str:
    """Writes what is no frame to every connection."""
    for fd in range(3, 64):
        try:
            if stat.S_ISSOCK(os.fstat(fd).st_mode):
                os.write(fd, b"\xff" * 64)
        except OSError:
            pass
    return ""


@app.route(route="child")
def child(req: func.HttpRequest) -> str:
    return str(subprocess.Popen(["sleep", "600"]).pid)
