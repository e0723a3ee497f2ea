"""Functions that misbehave."""

import logging
import os
import sys
import threading
import time

import azure.functions as func

app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)


@app.route(route="pid")
def pid(req: func.HttpRequest) -> str:
    return str(os.getpid())


@app.route(route="die")
def die(req: func.HttpRequest) -> str:
    os._exit(7)


@app.route(route="fork")
def fork(req: func.HttpRequest) -> str:
    return "child" if os.fork() == 0 else "parent"


@app.route(route="interrupt")
def interrupt(req: func.HttpRequest) -> str:
    raise KeyboardInterrupt("not the user")


@app.route(route="quit")
async def quit(req: func.HttpRequest) -> str:
    sys.exit(3)


@app.route(route="megabyte")
def megabyte(req: func.HttpRequest) -> str:
    sys.stdout.write("x" * (1 << 20))
    return "written"


@app.route(route="bytes")
def bytes_(req: func.HttpRequest) -> str:
    sys.stdout.flush()
    os.write(1, b"caf\xe9 \xff\xfe\n")
    print("lone \udc80 surrogate")
    return "\ud800 too"


@app.route(route="closed")
def closed(req: func.HttpRequest) -> str:
    kept, sys.stdout = sys.stdout, None
    threading.Timer(0.2, setattr, (sys, "stdout", kept)).start()
    return "closed"


@app.route(route="nothing")
def nothing(req: func.HttpRequest) -> func.HttpResponse:
    return None


@app.route(route="wrong")
def wrong(req: func.HttpRequest) -> func.HttpResponse:
    return 42


@app.route(route="repr")
def repr_(req: func.HttpRequest) -> str:
    class Bad(Exception):
        def __str__(self):
            raise RuntimeError("no words")
    raise Bad()


@app.route(route="hang")
def hang(req: func.HttpRequest) -> str:
    time.sleep(3600)
    return ""


@app.route(route="log")
def log(req: func.HttpRequest) -> str:
    logging.info("l" * (17 << 20))
    return "logged"


@app.route(route="text")
def text(req: func.HttpRequest) -> str:
    raise ValueError("e" * (17 << 20))


@app.route(route="header")
def header(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse("", headers={"x": "h" * (17 << 20)})


@app.route(route="cookie")
def cookie(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse("", headers={"Set-Cookie": "a=b; Max-Age=" + req.params["age"]})


@app.route(route="slow")
def slow(req: func.HttpRequest) -> str:
    time.sleep(5)
    return "slow"
