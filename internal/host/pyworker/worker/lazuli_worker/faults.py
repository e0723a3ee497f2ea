"""Errors in words: what happened, and in which line of the app."""

import os
import traceback

HERE = os.path.dirname(os.path.abspath(__file__))


# How many characters of a text are told; the host reads 16 MiB of one message.
LONGEST = 1 << 20


def cut(text, most=LONGEST):
    """A text that the host can be told, which says what it lacks."""
    if len(text) <= most:
        return text
    return "%s... (%d more characters were cut)" % (text[:most], len(text) - most)


def message(error):
    """The type of an error and its text, as the vendor's worker tells it."""
    try:
        return type(error).__name__ + ": " + str(error)
    except Exception:
        return ("Unhandled exception in function. "
                "Could not serialize original exception message.")


def stack(error):
    """The whole chain of an error, without what this worker adds to it."""
    try:
        lines = traceback.format_exception(type(error), error, error.__traceback__)
        return "".join(text for text in lines if HERE not in text and "<frozen importlib" not in text)
    except Exception as other:
        return "Could not extract traceback. Sub-exception: " + message(other)


def fault(error, user=True):
    """An error as the host is told it."""
    return told(message(error), error, user)


def told(text, error, user=True):
    return {"message": cut(text), "type": cut(type(error).__name__, 1000), "stack": cut(stack(error)), "user": user}


def place(error, directory):
    """The file and line of the app in which an error came up, or None."""
    if isinstance(error, SyntaxError) and error.filename:
        return relative(error.filename, directory), error.lineno or 1
    at = None
    for frame in traceback.extract_tb(error.__traceback__):
        if inside(frame.filename, directory):
            at = relative(frame.filename, directory), frame.lineno
    return at


def inside(path, directory):
    """Whether a file is one of the app's own. This worker may be in the app's folder too."""
    path = os.path.realpath(path)
    root = os.path.realpath(directory) + os.sep
    return path.startswith(root) and not path.startswith(os.path.realpath(HERE) + os.sep) and "site-packages" not in path[len(root):].split(os.sep)


def relative(path, directory):
    return os.path.relpath(os.path.realpath(path), os.path.realpath(directory)) if inside(path, directory) else path


def load_fault(error, directory, script):
    """What keeps an app from being loaded, beginning with file and line."""
    at = place(error, directory)
    text = message(error)
    if isinstance(error, SyntaxError):
        text = type(error).__name__ + ": " + str(error.msg)
        if error.text:
            text += "\n\t" + error.text.strip()
    elif isinstance(error, ModuleNotFoundError):
        text += ("; check that requirements.txt names its package"
                 " (https://aka.ms/functions-modulenotfound)")
    elif isinstance(error, SystemExit):
        text = "SystemExit: the file ends the process ({}) while it is loaded".format(error.code)
    where = "{}:{}: ".format(*at) if at else script + ": "
    return told(where + text, error)
