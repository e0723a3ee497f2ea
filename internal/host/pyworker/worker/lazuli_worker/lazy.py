"""Packages whose own file runs only when something of it is asked for.

azure.functions needs one part of werkzeug, whose __init__ imports all the others: a
server, a test client. That is a third of the start of an app that uses none of it.
"""

import importlib
import importlib.util
import sys
import threading
import types


class Package(types.ModuleType):
    """A package that has not run yet."""

    def __getattr__(self, name):
        if name.startswith("__") and name != "__version__" and name != "__all__":
            raise AttributeError(name)  # what Python itself looks for
        if importlib.util.find_spec("%s.%s" % (self.__name__, name)) is not None:
            return importlib.import_module("%s.%s" % (self.__name__, name))
        with self._lazuli_lock:
            if type(self) is Package:
                self.__class__ = types.ModuleType
                self.__spec__.loader.exec_module(self)
        return getattr(self, name)


def load(module, without):
    """Imports a module without running the file of a package that it needs parts
    of; in the usual way where that does not do."""
    before = set(sys.modules)
    try:
        defer(without)
        importlib.import_module(module)
    except Exception:
        for name in set(sys.modules) - before:
            del sys.modules[name]
        importlib.import_module(module)


def defer(name):
    """Lets a package be imported without its own file, until something is asked of
    it. Its parts can be imported as ever."""
    if name in sys.modules:
        return
    spec = importlib.util.find_spec(name)
    if spec is None or spec.loader is None or spec.submodule_search_locations is None:
        return
    package = Package(name)
    package.__dict__.update(
        __spec__=spec, __file__=spec.origin, __path__=spec.submodule_search_locations, __package__=name,
        __loader__=spec.loader, _lazuli_lock=threading.RLock())
    sys.modules[name] = package
