"""HTTP streaming, for apps that have imported a web extension.

Such an app serves HTTP itself, on a loopback port that the host is told. Each
request comes twice: by the wire, with the route's parameters, and by HTTP, with the
invocation's id in a header. They meet here; the response goes back by HTTP alone.
"""

import asyncio
import importlib
import socket

from . import context

INVOCATION = "x-ms-invocation-id"
HOST = "127.0.0.1"

# How long the other half of a request is waited for.
PATIENCE = 30


class Streams:
    """The app's web server. All runs on the event loop."""

    def __init__(self, base, loop):
        self.loop = loop
        self.synchronizer = base.RequestTrackerMeta.get_synchronizer()
        self.requests, self.responses = {}, {}
        self.standard = base.ResponseTrackerMeta.get_standard_response_type()
        extension = importlib.import_module(base.ModuleTrackerMeta.get_module())
        request_type = base.RequestTrackerMeta.get_request_type()
        app = extension.WebApp()

        @app.route
        async def catch_all(request: request_type):
            return await self.arrived(request)

        port = free_port()
        self.address = "http://%s:%d" % (HOST, port)
        self.serving = loop.create_task(extension.WebServer(HOST, port, app).serve())

    def half(self, halves, id):
        """What one half of a request waits for and the other sets."""
        if id not in halves:
            halves[id] = self.loop.create_future()
        return halves[id]

    async def arrived(self, request):
        """A request by HTTP: hands it over and waits for its response."""
        id = request.headers.get(INVOCATION)
        if id is None:
            raise KeyError("Header %s not found" % INVOCATION)
        response = self.half(self.responses, id)
        self.half(self.requests, id).set_result(request)
        try:
            result = await response
        finally:
            self.responses.pop(id, None)
        if isinstance(result, BaseException):
            # The error itself goes by the wire, with its stack.
            return self.standard("Internal Server Error", status_code=500, media_type="text/plain")
        return result

    async def run(self, invocation, pool):
        """Runs a function whose request comes by HTTP."""
        function, id = invocation.function, invocation.message["id"]
        context.invocation_id.set(id)
        try:
            invocation.prepare()
            await self.exchange(invocation, id)
            if function.is_async:
                result = await function.call(**invocation.arguments)
            else:
                result = await self.loop.run_in_executor(pool, invocation.call)
            answer, parts = invocation.answer(result)
        except BaseException as error:
            answer, parts, result = invocation.failed(error), (), error
        response = self.half(self.responses, id)
        if not response.done():
            response.set_result(result)
        invocation.reply(answer, parts)
        if id in self.requests:  # it never came by HTTP
            self.requests.pop(id)
            self.responses.pop(id, None)

    async def exchange(self, invocation, id):
        """Puts the request that came by HTTP in the place of the one by wire."""
        name = next(n for n, s in invocation.function.inputs.items() if s.kind == "httpTrigger")
        request = await asyncio.wait_for(self.half(self.requests, id), PATIENCE)
        del self.requests[id]
        self.synchronizer.sync_route_params(request, invocation.arguments[name].route_params)
        invocation.arguments[name] = request


def free_port():
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as s:
        s.bind((HOST, 0))
        return s.getsockname()[1]
