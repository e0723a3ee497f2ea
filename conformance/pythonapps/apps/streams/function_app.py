import asyncio

import azure.functions as func
from azurefunctions.extensions.http.fastapi import JSONResponse, Request, Response, StreamingResponse
import azurefunctions.extensions.bindings.blob as blob

app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)
gate = asyncio.Event()


@app.route(route="stream/{name}", methods=["GET"])
async def stream(req: Request) -> StreamingResponse:
    async def chunks():
        yield "data: first of %s\n\n" % req.path_params["name"]
        await gate.wait()
        yield "data: last\n\n"
    return StreamingResponse(chunks(), media_type="text/event-stream")


@app.route(route="open")
async def open_(req: Request) -> Response:
    gate.set()
    return Response("opened " + req.query_params.get("q", ""))


@app.route(route="upload", methods=["POST"])
async def upload(req: Request) -> JSONResponse:
    size = 0
    async for chunk in req.stream():
        size += len(chunk)
    return JSONResponse({"size": size, "type": req.headers["content-type"]}, status_code=201)


@app.route(route="plain")
def plain(req: Request):
    return "of a thread"


@app.route(route="fail")
async def fail(req: Request) -> Response:
    raise ValueError("in the middle")


@app.blob_trigger(arg_name="client", path="inbox/{name}", connection="AzureWebJobsStorage")
def by_blob(client: blob.BlobClient):
    # It is not asked for its contents: UseDevelopmentStorage=true is port 10000 for
    # the SDK, which tests do not take.
    print("blob client", type(client).__name__, client.container_name, client.blob_name)
