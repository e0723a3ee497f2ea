"""What a function may ask about its invocation."""

import contextvars
import threading

# The invocation that a task or a thread of the pool works for.
invocation_id = contextvars.ContextVar("invocation_id", default=None)

# Threads that an app starts have it set by hand, as the vendor's guide shows:
# context.thread_local_storage.invocation_id = context.invocation_id
local = threading.local()


class TraceContext:
    """https://www.w3.org/TR/trace-context/, of the invocation."""

    def __init__(self, told):
        told = told or {}
        self.trace_parent = told.get("parent", "")
        self.trace_state = told.get("state", "")
        self.attributes = told.get("attributes") or {}
        # Spellings of older versions of the SDK.
        self.Traceparent, self.Tracestate, self.Attributes = self.trace_parent, self.trace_state, self.attributes


class RpcException:
    """Why the attempt before failed."""

    def __init__(self, told):
        self.source = told.get("source", "")
        self.stack_trace = told.get("stack", "")
        self.message = told.get("message", "")


class RetryContext:
    """Which attempt this is."""

    def __init__(self, told):
        told = told or {}
        self.retry_count = told.get("count", 0)
        self.max_retry_count = told.get("max", 0)
        self.exception = RpcException(told.get("exception") or {})
        self.rpc_exception = self.exception


class Context:
    """azure.functions.Context. Checks look at the class by its name."""

    def __init__(self, function, message):
        self.function_name = function.name
        self.function_directory = function.directory
        self.invocation_id = message["id"]
        self.trace_context = TraceContext(message.get("trace"))
        self.retry_context = RetryContext(message.get("retry"))
        self.thread_local_storage = local
