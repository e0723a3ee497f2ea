"""Logging records on their way to the host."""

import logging
import os
import sys

from . import context
from .faults import cut

LEVELS = ((logging.CRITICAL, "critical"), (logging.ERROR, "error"), (logging.WARNING, "warning"),
          (logging.INFO, "information"), (logging.DEBUG, "debug"))
SYSTEM = ("azure.functions", "azure_functions_runtime")


class Handler(logging.Handler):
    """Sends records with the invocation that they belong to."""

    def __init__(self, wire):
        super().__init__()
        self._wire = wire

    def emit(self, record):
        try:
            self._wire.send({"verb": "log", "log": {
                "invocation": getattr(context.local, "invocation_id", None) or context.invocation_id.get() or "",
                "category": cut(record.name, 1000), "level": level(record.levelno), "message": cut(self.format(record)),
                "system": record.name.startswith(SYSTEM),
            }})
        except Exception:
            self.handleError(record)


def level(number):
    for least, name in LEVELS:
        if number >= least:
            return name
    return "trace"


def is_true(name):
    return os.environ.get(name, "").strip().lower() in ("1", "true", "t", "yes", "y")


def install(wire):
    """Takes the records of all loggers, and prints line by line."""
    root = logging.getLogger()
    root.setLevel(logging.DEBUG if is_true("PYTHON_ENABLE_DEBUG_LOGGING") else logging.INFO)
    root.addHandler(Handler(wire))
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(encoding="utf-8", errors="backslashreplace", line_buffering=True)


def flush():
    """Passes on what was printed without an end of line."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (AttributeError, OSError, ValueError):
            pass  # the app has closed or replaced it
