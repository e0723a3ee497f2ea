"""Holds a function against its bindings.

What is refused, and in which words, is what the vendor's worker refuses:
people search for these sentences.
"""

import inspect
import types
import typing

from . import times
from .values import decode, encode


class FunctionLoadError(RuntimeError):
    """A function that cannot run."""

    def __init__(self, name, text):
        super().__init__("cannot load the " + name + " function: " + text)


class Generic:
    """Converts bindings that the SDK has no converter for."""

    def __init__(self, Datum):
        self.Datum = Datum

    def has_trigger_support(self):
        return False

    def has_implicit_output(self, name):
        return name != "durableClient"

    def check_input_type_annotation(self, pytype):
        return issubclass(pytype, (str, bytes))

    def check_output_type_annotation(self, pytype):
        return issubclass(pytype, (str, bytes, bytearray))

    def decode(self, data, *, trigger_metadata):
        if data is None or data.type in ("string", "bytes", "json"):
            return None if data is None else data.value
        raise ValueError('unexpected type of data received for the "generic" binding ', repr(data.type))

    def encode(self, obj, *, expected_type):
        for kind, types in (("string", str), ("bytes", (bytes, bytearray)), ("dict", dict), ("list", list),
                            ("int", int), ("double", float)):
            if isinstance(obj, types):
                return self.Datum(obj, kind)
        if obj is None:
            return self.Datum(None, None)
        raise NotImplementedError


class Converters:
    """The SDK's converters by the type of binding."""

    def __init__(self, azf):
        from azure.functions.meta import Datum
        self.Datum = Datum
        times.quicken()
        self._registry = azf.get_binding_registry()
        self._generic = Generic(Datum)
        self.deferred = None  # of SDK types, once an app has them

    def get(self, kind):
        return self._registry.get(kind) or self._generic

    def is_trigger(self, kind):
        return self.get(kind).has_trigger_support()

    def has_implicit_output(self, kind):
        converter = self.get(kind)
        if converter is self._generic:
            return converter.has_implicit_output(kind)
        return getattr(converter, "has_implicit_output", lambda: False)()

    def decode(self, slot, value, parts, metadata):
        datum = decode(value, parts, self.Datum)
        try:
            if slot.deferred:
                return self.deferred.get(slot.kind).decode(datum, trigger_metadata=metadata, pytype=slot.pytype)
            return self.get(slot.kind).decode(datum, trigger_metadata=metadata)
        except NotImplementedError:
            raise TypeError(
                "unable to decode incoming TypedData: unsupported combination of TypedData field %r "
                "and expected binding type %s" % (datum and datum.type, self.get(slot.kind))) from None

    def encode(self, slot, obj, parts):
        if slot.kind == "kafka":  # whose converter in the SDK, a trigger's, encodes nothing
            return encode(self._generic.encode(obj, expected_type=slot.pytype), parts)
        try:
            datum = self.get(slot.kind).encode(obj, expected_type=slot.pytype)
        except NotImplementedError:
            raise TypeError(
                'unable to encode outgoing TypedData: unsupported type "%s" for Python type "%s"'
                % (slot.kind, type(obj).__name__)) from None
        return encode(datum, parts)


class Slot:
    """A parameter or a return value: what converts it, and to which type."""

    __slots__ = ("kind", "pytype", "trigger", "deferred")

    def __init__(self, kind, pytype, trigger=False, deferred=False):
        self.kind, self.pytype, self.trigger, self.deferred = kind, pytype, trigger, deferred


class Function:
    """A function that may run."""

    __slots__ = ("call", "name", "directory", "wants_context", "is_async", "inputs", "outputs", "returns", "streams")

    def __init__(self, call, name, directory):
        self.call, self.name, self.directory = call, name, directory
        self.is_async = inspect.iscoroutinefunction(call)
        self.wants_context = self.streams = False
        self.inputs, self.outputs, self.returns = {}, {}, None


def is_generic(annotation):
    return typing.get_origin(annotation) is not None or (
        isinstance(annotation, type) and issubclass(annotation, typing.Generic))


def is_out(annotation):
    origin = typing.get_origin(annotation) or annotation
    return isinstance(origin, type) and origin.__name__ == "Out"


def type_name(annotation):
    return getattr(annotation, "__name__", None) or repr(annotation)


def hint(annotation):
    if isinstance(annotation, types.GenericAlias):
        return "; azure-functions knows typing.List here, not " + repr(annotation)
    return ""


class Checker:
    """Checks the functions of an app."""

    def __init__(self, converters, web=None):
        self.converters = converters
        self.web = web  # the types of a web extension, or None

    def check(self, call, name, directory, bindings):
        """The function, or FunctionLoadError. bindings have name, type,
        direction (0 in, 1 out, 2 inout) and data_type."""
        out = Function(call, name, directory)
        params = dict(inspect.signature(call).parameters)
        annotations = typing.get_type_hints(call)
        bound, returned, explicit, implicit = {}, None, False, False
        for b in bindings:
            if b.direction == 2:
                raise FunctionLoadError(name, '"inout" bindings are not supported')
            if b.name == "$return":
                if b.direction != 1:
                    raise FunctionLoadError(name, '"$return" binding must have direction set to "out"')
                explicit, returned = True, b.type
                continue
            bound[b.name] = b
            if self.converters.has_implicit_output(b.type):
                implicit = True
                if not explicit:
                    returned = b.type
        out.wants_context = self._context(name, params, bound, annotations)
        self._names(name, params, bound)
        for p in params:
            self._parameter(out, bound[p], p in annotations, annotations.get(p))
        out.returns = self._returns(name, annotations, explicit, implicit, returned)
        out.streams = self.web is not None and any(s.kind == "httpTrigger" for s in out.inputs.values())
        return out

    @staticmethod
    def _context(name, params, bound, annotations):
        if "context" not in params or "context" in bound:
            return False
        params.pop("context")
        annotation = annotations.get("context")
        if "context" in annotations and (not isinstance(annotation, type) or annotation.__name__ != "Context"):
            raise FunctionLoadError(name, 'the "context" parameter is expected to be of type '
                                          'azure.functions.Context, got "' + repr(annotation) + '"')
        return True

    @staticmethod
    def _names(name, params, bound):
        if set(params) - set(bound):
            raise FunctionLoadError(
                name, "the following parameters are declared in Python but not in the function definition "
                      "(function.json or function decorators):  %r" % (set(params) - set(bound)))
        if set(bound) - set(params):
            raise FunctionLoadError(
                name, "Extra parameters in binding definition — the following parameters are declared as bindings "
                      "but are not present in Python: " + repr(set(bound) - set(params)))

    def _parameter(self, out, binding, annotated, annotation):
        name, pytype = out.name, annotation
        says_out = annotated and is_out(annotation)
        deferred = bool(self.converters.deferred and self.converters.deferred.check_supported_type(annotation))
        if says_out:
            arguments = typing.get_args(annotation)
            if len(arguments) != 1:
                raise FunctionLoadError(name, "binding " + binding.name + " has invalid Out annotation " + repr(annotation))
            pytype = arguments[0]
        if annotated and not isinstance(pytype, type) and not is_generic(pytype):
            raise FunctionLoadError(name, "binding " + binding.name + " has invalid non-type annotation " + repr(annotation))
        if binding.direction == 1 and annotated and not says_out:
            raise FunctionLoadError(
                name, "binding " + binding.name + ' is declared to have the "out" direction, but its annotation in '
                      "Python is not a subclass of azure.functions.Out")
        if binding.direction != 1 and says_out:
            raise FunctionLoadError(
                name, "binding " + binding.name + ' is declared to have the "in" direction in the binding decorator, '
                      "but its annotation is azure.functions.Out in Python")
        kind = binding.type
        if annotated and pytype in (str, bytes) and not self.converters.has_implicit_output(kind):
            kind = "generic"
        if annotated and not self._fits(kind, pytype, says_out, deferred):
            self._mismatch(name, binding, pytype)
        slots = out.outputs if binding.direction == 1 else out.inputs
        slots[binding.name] = Slot(kind, pytype, self.converters.is_trigger(kind), deferred)

    def _fits(self, kind, pytype, says_out, deferred):
        if deferred:
            return self.converters.deferred.get(kind).check_input_type_annotation(pytype)
        if self.web is not None and kind in ("httpTrigger", "http"):
            return (self.web.ResponseTrackerMeta if says_out or kind == "http" else self.web.RequestTrackerMeta).check_type(pytype)
        converter = self.converters.get(kind)
        check = converter.check_output_type_annotation if says_out else converter.check_input_type_annotation
        try:
            return check(pytype)
        except TypeError:  # the SDK asks issubclass, of generics as well
            return False

    @staticmethod
    def _mismatch(name, binding, pytype):
        if binding.data_type not in (None, 0):
            raise FunctionLoadError(
                name, "binding type \"%r\" and dataType \"%s\" in the binding decorator do not match the corresponding "
                      "function parameter's Python type annotation %s" % (binding.name, binding.type, type_name(pytype)))
        raise FunctionLoadError(
            name, "type of " + binding.name + ' binding in the binding decorator "' + binding.type
                  + '" does not match its Python annotation "' + type_name(pytype) + '"' + hint(pytype))

    def _returns(self, name, annotations, explicit, implicit, kind):
        pytype = annotations.get("return") if explicit or implicit else None
        if explicit and "return" in annotations:
            if is_out(pytype):
                raise FunctionLoadError(name, "return annotation should not be azure.functions.Out")
            if not isinstance(pytype, type):
                raise FunctionLoadError(name, "has invalid non-type return annotation " + repr(pytype))
            if not self._fits(kind, pytype, True, False):
                raise FunctionLoadError(
                    name, 'Python return annotation "' + pytype.__name__ + '" does not match binding type "' + kind + '"')
        return Slot(kind, pytype) if explicit or implicit else None
