"""Finds an app's functions.

v2: one script (function_app.py, or PYTHON_SCRIPT_FILE_NAME) declares them by
decorators. v1: each has a folder with a function.json, which the host reads, and
a script that is imported below a package named __app__.
"""

import importlib
import importlib.machinery
import importlib.util
import inspect
import json
import logging
import os
import pathlib
import re
import sys
import uuid

from .checks import Checker, Converters, FunctionLoadError
from .faults import load_fault

SCRIPT = "function_app.py"
SCRIPT_RULE = re.compile(r"^[a-zA-Z0-9_][a-zA-Z0-9_\-]*\.py$")
NAMESPACE = "__app__"


class App:
    """The app in a folder."""

    def __init__(self, directory):
        self.directory = directory
        self.script = os.environ.get("PYTHON_SCRIPT_FILE_NAME") or SCRIPT
        self.functions = {}  # id -> Function
        self.broken = {}  # id -> fault
        self.checker = None
        self.web = None

    def index(self):
        """What the host is told of the functions."""
        if not SCRIPT_RULE.match(self.script):
            return {"error": {"message": "Invalid data type for environment variable or app setting "
                                         "PYTHON_SCRIPT_FILE_NAME: %r; it is the name of a .py file in the app's "
                                         "folder" % self.script}}
        try:
            if not os.path.exists(os.path.join(self.directory, self.script)):
                self._sdk()
                return {"useFiles": True}
            declared = self._declared()
        except BaseException as error:  # whatever a script does, the host is told
            return {"error": load_fault(error, self.directory, self.script)}
        return {"functions": [self._register(f) for f in declared]}

    def _sdk(self):
        import azure.functions as azf
        if self.checker is None:
            self.checker = Checker(Converters(azf))
        return azf

    def _declared(self):
        module = importlib.import_module(pathlib.Path(self.script).stem)
        azf = self._sdk()
        if not hasattr(azf, "FunctionRegister"):
            raise ImportError("azure-functions %s is too old for %s: version 1.12 or newer is needed; raise it in "
                              "requirements.txt" % (getattr(azf, "__version__", "?"), self.script))
        found = []
        for name in dir(module):
            value = getattr(module, name, None)
            if isinstance(value, azf.FunctionRegister) and all(value is not f for f in found):
                found.append(value)
        if len(found) > 1:
            raise ValueError("More than one %s or other top level function app instances are defined."
                             % type(found[0]).__name__)
        if not found:
            raise ValueError("Could not find top level function app instances in %s." % self.script)
        self._extensions()
        warn_of_hooks(azf)
        return found[0].get_functions()

    def _extensions(self):
        """Takes in what extensions of the SDK offer that the app has imported."""
        base = sys.modules.get("azurefunctions.extensions.base")
        if base is None:
            return
        self.checker.converters.deferred = base.get_binding_registry()
        if base.HttpV2FeatureChecker.http_v2_enabled():
            self.web = self.checker.web = base

    def _register(self, declared):
        name = declared.get_function_name()
        call = declared.get_user_function()
        out = {
            "id": str(uuid.uuid5(uuid.NAMESPACE_OID, name)), "name": name, "directory": self.directory,
            "scriptFile": getattr(declared, "function_script_file", None) or self.script, "entryPoint": name,
            "language": "python", "properties": {"worker_indexed": "True"}, "bindings": declared.get_raw_bindings(),
        }
        try:
            out["retry"] = retry_rule(declared)
            function = self.checker.check(call, name, self.directory, declared.get_bindings())
            if any(s.deferred for s in function.inputs.values()):
                out["bindings"] = deferred(out["bindings"], function)
            self.functions[out["id"]] = function
        except Exception as error:
            out["error"] = load_fault(error, self.directory, self.script)
            if isinstance(error, FunctionLoadError):
                out["error"]["message"] = "%s: %s" % (at(call, self.directory) or self.script, error)
        return out

    def load(self, told):
        """Makes a function ready that the host asks for; its fault, or None."""
        if told["id"] in self.functions:
            return None
        if "properties" in told and told["properties"].get("worker_indexed"):
            return {"message": "no function has the id " + told["id"]}
        script = os.path.relpath(told.get("scriptFile") or os.path.join(told["directory"], "__init__.py"), self.directory)
        try:
            call = load_script(told)
            bindings = [Declared(json.loads(b)) for b in told.get("bindings") or ()]
            self.functions[told["id"]] = self.checker.check(call, told["name"], told["directory"], bindings)
        except BaseException as error:
            return load_fault(error, self.directory, script)
        return None


def warn_of_hooks(azf):
    """Says of extensions of the vendor's worker that their hooks are not called."""
    registry = getattr(azf, "ExtensionMeta", None)
    if registry is not None and any(json.loads(registry.get_registered_extensions_json()).values()):
        logging.getLogger("azure.functions").warning(
            "worker extensions do not run here: the hooks of %s are not called",
            registry.get_registered_extensions_json())


DIRECTIONS = {"in": 0, "out": 1, "inout": 2}
DATA_TYPES = {"": 0, "undefined": 0, "string": 1, "binary": 2, "stream": 3}


class Declared:
    """A binding of a function.json."""

    def __init__(self, fields):
        fields = {k.lower(): v for k, v in fields.items()}
        self.name, self.type = fields.get("name", ""), fields.get("type", "")
        self.direction = DIRECTIONS.get(str(fields.get("direction") or "in").lower(), 0)
        self.data_type = DATA_TYPES.get(str(fields.get("datatype") or "").lower(), 0)


def load_script(told):
    """Imports the script of a v1 function below __app__ and returns the
    function in it."""
    root = pathlib.Path(told["directory"]).parent
    script = pathlib.Path(told.get("scriptFile") or pathlib.Path(told["directory"], "__init__.py"))
    entry = told.get("entryPoint") or "main"
    script = pathlib.Path(os.path.normpath(script))
    if root not in script.parents:
        raise RuntimeError("script path %s is not relative to the specified directory %s" % (script, root))
    relative = script.relative_to(root)
    if relative.suffix != ".py":
        raise RuntimeError("cannot load function %s: invalid Python filename %s" % (told["name"], script))
    if not script.exists():
        raise RuntimeError("cannot load function %s: its script %s is missing" % (told["name"], relative))
    if NAMESPACE not in sys.modules:
        spec = importlib.machinery.ModuleSpec(NAMESPACE, None, is_package=True)
        spec.submodule_search_locations = [str(root)]
        sys.modules[NAMESPACE] = importlib.util.module_from_spec(spec)
    parts = [NAMESPACE, *relative.parts[:-1]]
    if relative.stem.lower() != "__init__":
        parts.append(relative.stem)
    module = importlib.import_module(".".join(parts))
    call = getattr(module, entry, None)
    if call is None or not callable(call):
        raise RuntimeError("cannot load function %s: function %s() is not present in %s" % (told["name"], entry, relative))
    return call


def at(call, directory):
    """Where a function is written."""
    try:
        call = inspect.unwrap(call)
        return "%s:%d" % (os.path.relpath(inspect.getsourcefile(call), directory), call.__code__.co_firstlineno)
    except (AttributeError, TypeError, ValueError):
        return None


def retry_rule(declared):
    """The retry policy of decorators, or None."""
    try:
        policy = declared.get_settings_dict("retry_policy")
    except AttributeError:  # an SDK from before there were any
        return None
    if not policy:
        return None
    most = int(policy.get("max_retry_count"))
    if not -1 << 31 <= most < 1 << 31:
        raise ValueError("a retry policy has a max_retry_count that does not fit into 32 bits; -1 is for ever")
    if policy.get("strategy") == "fixed_delay":
        return {"strategy": "fixed", "max": most, "delay": interval(policy.get("delay_interval"), 0)}
    return {"strategy": "exponential", "max": most, "least": interval(policy.get("minimum_interval"), 0),
            "most": interval(policy.get("maximum_interval"), 2147483647)}


def interval(text, fallback):
    """[D.]HH:MM:SS in seconds."""
    if not text:
        return fallback
    match = re.match(r"^(?:(\d+)\.)?(\d+):(\d+):(\d+(?:\.\d+)?)$", str(text))
    if not match:
        raise ValueError("a retry policy has the interval %r, which is not HH:MM:SS" % text)
    days, hours, minutes, seconds = match.groups()
    if max(len(n) for n in (days or "", hours, minutes, seconds)) > 18:
        raise ValueError("a retry policy has an interval of more digits than any time has")
    return int(days or 0) * 86400 + int(hours) * 3600 + int(minutes) * 60 + float(seconds)


def deferred(raw, function):
    """Marks the bindings whose data becomes a type of an Azure SDK."""
    out = []
    for text in raw:
        fields = json.loads(text)
        slot = function.inputs.get(fields.get("name"))
        fields["properties"] = {"SupportsDeferredBinding": bool(slot is not None and slot.deferred)}
        out.append(json.dumps(fields))
    return out
