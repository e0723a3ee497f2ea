"""Runs one invocation."""

import asyncio
import os

from . import context, faults, logs
from .values import decode

PID = os.getpid()


class Out:
    """azure.functions.Out."""

    __slots__ = ("_value",)

    def __init__(self):
        self._value = None

    def set(self, val):
        self._value = val

    def get(self):
        return self._value


class Invocation:
    """One run of a function, and its answer."""

    __slots__ = ("wire", "converters", "function", "message", "parts", "context", "arguments")

    def __init__(self, wire, converters, function, message, parts):
        self.wire, self.converters, self.function = wire, converters, function
        self.message, self.parts = message, parts
        self.context = context.Context(function, message)
        self.arguments = None

    def run(self):
        """Runs a plain function, on a thread of the pool."""
        try:
            self.prepare()
            answer, parts = self.answer(self.call())
        except BaseException as error:
            answer, parts = self.failed(error), ()
        self.reply(answer, parts)

    def call(self):
        """Calls the function, with the thread known as the invocation's."""
        token = context.invocation_id.set(self.message["id"])
        context.local.invocation_id = self.message["id"]
        try:
            return self.function.call(**self.arguments)
        finally:
            context.local.invocation_id = None
            context.invocation_id.reset(token)

    async def run_async(self):
        """Runs an async function, in a task of its own."""
        context.invocation_id.set(self.message["id"])
        try:
            self.prepare()
            answer, parts = self.answer(await self.function.call(**self.arguments))
        except BaseException as error:
            answer, parts = self.failed(error), ()
        self.reply(answer, parts)

    def prepare(self):
        """Decodes the inputs and makes the outputs."""
        metadata = None
        self.arguments = arguments = {}
        for bound in self.message.get("inputs") or ():
            slot = self.function.inputs[bound["name"]]
            if slot.trigger and metadata is None:
                metadata = {name: decode(value, self.parts, self.converters.Datum)
                            for name, value in (self.message.get("metadata") or {}).items()}
            arguments[bound["name"]] = self.converters.decode(
                slot, bound.get("value"), self.parts, metadata if slot.trigger else {})
        for name in self.function.outputs:
            arguments[name] = Out()
        if self.function.wants_context:
            arguments["context"] = self.context

    def answer(self, result):
        """Encodes what the function returned and put out."""
        function, parts = self.function, []
        if result is not None and function.returns is None:
            raise RuntimeError("function %r without a $return binding returned a non-None value" % function.name)
        answer = {"verb": "invoke", "id": self.message["id"], "status": "ok", "outputs": []}
        for name, slot in function.outputs.items():
            value = self.arguments[name].get()
            if value is not None:
                answer["outputs"].append({"name": name, "value": self.converters.encode(slot, value, parts)})
        if function.returns is not None and not function.streams:
            answer["return"] = self.converters.encode(function.returns, result, parts)
        return answer, parts

    def failed(self, error):
        status = "cancelled" if isinstance(error, asyncio.CancelledError) else "failed"
        return {"verb": "invoke", "id": self.message["id"], "status": status, "error": faults.fault(error)}

    def reply(self, answer, parts):
        logs.flush()
        if os.getpid() != PID:
            os._exit(0)  # the app forked, and the child came back here
        try:
            self.wire.send(answer, parts)
        except (TypeError, ValueError, OverflowError) as error:  # it has no form on the wire
            self.wire.send(self.failed(error))
