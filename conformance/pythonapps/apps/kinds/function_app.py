"""One function per kind of trigger and binding; what they saw is asked for over
HTTP."""

import asyncio
import json
import logging
import os
import threading
from typing import List

import azure.functions as func

import blueprint

app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)
app.register_functions(blueprint.bp)
seen = []


def note(kind, **what):
    seen.append({"kind": kind, **what})


@app.route(route="seen")
def saw(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse(json.dumps(seen), mimetype="application/json")


@app.function_name(name="Echo")
@app.route(route="echo/{a:int}/{*rest}", methods=["POST", "PUT"])
def echo(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
    return func.HttpResponse(json.dumps({
        "method": req.method, "url": req.url, "params": dict(req.params), "route": dict(req.route_params),
        "header": req.headers.get("X-Test"), "body": req.get_body().hex(), "form": dict(req.form),
        "function": context.function_name, "directory": os.path.basename(context.function_directory),
        "invocation": context.invocation_id, "trace": context.trace_context.Traceparent,
        "retry": context.retry_context.retry_count, "thread": threading.current_thread() is threading.main_thread(),
        "setting": os.environ["GREETING"],
    }), status_code=201, mimetype="application/json", headers={"X-Answer": "yes"})


@app.route(route="cookies")
def cookies(req: func.HttpRequest) -> func.HttpResponse:
    answer = func.HttpResponse(b"\x00\xff", mimetype="application/octet-stream")
    answer.headers.add("Set-Cookie", "a=1; Path=/x; HttpOnly; SameSite=Lax; Max-Age=60")
    answer.headers.add("Set-Cookie", "b=2+2=4; Secure; SameSite=None; Expires=Wed, 21 Oct 2026 07:28:00 GMT")
    return answer


@app.route(route="methods/{value}", methods=["HEAD", "OPTIONS"])
def methods(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse(status_code=202, headers={
        "X-Seen": req.method + " " + req.route_params["value"], "Allow": "HEAD, OPTIONS"})


@app.route(route="upload", methods=["POST"])
def upload(req: func.HttpRequest) -> str:
    file = req.files["f"]
    return "%s %s %s" % (req.form["word"], file.filename, file.read().hex())


@app.route(route="text")
async def text(req: func.HttpRequest) -> str:
    await asyncio.sleep(0)
    logging.warning("async says %s", threading.current_thread() is threading.main_thread())
    return "plain"


@app.route(route="logs")
def logs(req: func.HttpRequest, context: func.Context) -> str:
    def work():
        context.thread_local_storage.invocation_id = context.invocation_id
        logging.getLogger("mine").error("from a thread")

    print("printed, in", "pieces")
    logging.debug("not shown")
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    return context.invocation_id


@app.route(route="fail")
def fail(req: func.HttpRequest) -> str:
    try:
        raise KeyError("inner")
    except KeyError as inner:
        raise ValueError("outer 한글") from inner


@app.route(route="together/{n}")
async def together(req: func.HttpRequest) -> str:
    """Answers when five are here at once."""
    waiting.append(1)
    while len(waiting) < 5:
        await asyncio.sleep(0.01)
    return "all"


waiting = []
barrier = threading.Barrier(3)


@app.route(route="threads")
def threads(req: func.HttpRequest) -> str:
    return str(barrier.wait(10) >= 0)


@app.timer_trigger(arg_name="timer", schedule="0 0 0 1 1 *", run_on_startup=False)
def tick(timer: func.TimerRequest) -> None:
    note("timer", past_due=timer.past_due, schedule=type(timer.schedule).__name__)


@app.event_hub_message_trigger(arg_name="events", event_hub_name="many", connection="EventHubConnection",
                               cardinality=func.Cardinality.MANY)
@app.event_hub_output(arg_name="out", event_hub_name="one", connection="EventHubConnection")
@app.cosmos_db_output(arg_name="docs", database_name="db", container_name="docs", connection="CosmosDBConnection",
                      create_if_not_exists=True, partition_key="/id")
def many(events: List[func.EventHubEvent], out: func.Out[List[str]], docs: func.Out[func.DocumentList]):
    note("many", bodies=[e.get_body().decode() for e in events], numbers=[e.sequence_number for e in events],
         keys=[e.partition_key for e in events], times=[e.enqueued_time.tzinfo is not None for e in events],
         names=sorted(events[0].metadata))
    out.set(["one of " + str(len(events))])
    docs.set(func.DocumentList([func.Document.from_dict({"id": e.get_body().decode(), "n": 1}) for e in events]))


@app.event_hub_message_trigger(arg_name="event", event_hub_name="one", connection="EventHubConnection",
                               cardinality=func.Cardinality.ONE)
async def one(event: func.EventHubEvent):
    note("one", body=event.get_body().decode(), number=event.sequence_number, offset=event.offset)


@app.event_hub_message_trigger(arg_name="event", event_hub_name="retried", connection="EventHubConnection",
                               cardinality="one")
@app.retry(strategy="fixed_delay", max_retry_count="2", delay_interval="00:00:00")
def retried(event, context):
    retry = context.retry_context
    note("retried", count=retry.retry_count, max=retry.max_retry_count, why=retry.exception.message)
    if retry.retry_count < 2:
        raise RuntimeError("attempt %d" % retry.retry_count)


@app.cosmos_db_trigger(arg_name="docs", database_name="db", container_name="docs", connection="CosmosDBConnection",
                       lease_container_name="leases", create_lease_container_if_not_exists=True)
def changed(docs: func.DocumentList):
    note("changed", ids=sorted(d["id"] for d in docs), type=type(docs[0]).__name__)


@app.queue_trigger(arg_name="message", queue_name="%QUEUE%", connection="AzureWebJobsStorage")
@app.blob_output(arg_name="blob", path="out/{queueTrigger}.txt", connection="AzureWebJobsStorage")
def from_queue(message: func.QueueMessage, blob: func.Out[bytes]):
    note("queue", body=message.get_body().decode(), count=message.dequeue_count, id=bool(message.id),
         inserted=message.insertion_time is not None)
    blob.set(b"blob of " + message.get_body())


@app.blob_trigger(arg_name="blob", path="out/{name}", connection="AzureWebJobsStorage")
def from_blob(blob: func.InputStream):
    note("blob", name=blob.name, length=blob.length, body=blob.read().decode(), uri=blob.uri.rsplit("/", 1)[-1])


@app.route(route="enqueue/{text}")
@app.queue_output(arg_name="message", queue_name="%QUEUE%", connection="AzureWebJobsStorage")
def enqueue(req: func.HttpRequest, message: func.Out[str]) -> str:
    message.set(req.route_params["text"])
    return "queued"


@app.warm_up_trigger("warm")
def warm_up(warm) -> None:
    note("warm", first=not seen)


@app.route(route="produce/{text}")
@app.kafka_output(arg_name="out", topic="plain", broker_list="KAFKA")
def produce(req: func.HttpRequest, out: func.Out[str]) -> str:
    out.set(json.dumps({"Offset": 0, "Partition": 0, "Topic": "plain", "Timestamp": "2026-01-01T00:00:00Z", "Value": req.route_params["text"],
                        "Key": "k", "Headers": [{"Key": "h", "Value": "v"}]}))
    return "produced"


@app.kafka_trigger(arg_name="event", topic="plain", broker_list="KAFKA", consumer_group="python")
def consumed(event: func.KafkaEvent):
    note("kafka", value=json.loads(event.get_body())["Value"], topic=event.topic, offset=event.offset, headers=event.headers, key=event.key)


@app.kafka_trigger(arg_name="events", topic="batch", broker_list="%KAFKA%", consumer_group="python", cardinality="MANY", data_type="BINARY")
def consumed_many(events: List[func.KafkaEvent]):
    note("kafkas", values=[e.get_body().decode() for e in events], keys=[e.key for e in events])


@app.route(route="document/{id}")
@app.cosmos_db_input(arg_name="found", database_name="db", container_name="docs", id="{id}", partition_key="{id}",
                     connection="CosmosDBConnection", preferred_locations="West Europe")
def document(req: func.HttpRequest, found: func.DocumentList) -> str:
    return found[0].to_json() if found else "none"


@app.route(route="documents")
@app.cosmos_db_input(arg_name="found", database_name="db", container_name="docs", connection="CosmosDBConnection",
                     sql_query="SELECT c.id FROM c WHERE c.kind = {Query.kind} AND c.n < StringToNumber({below}) ORDER BY c.id")
def documents(req: func.HttpRequest, found: func.DocumentList) -> str:
    return json.dumps([d["id"] for d in found])


@app.queue_trigger(arg_name="message", queue_name="lookups", connection="AzureWebJobsStorage")
@app.cosmos_db_input(arg_name="found", database_name="db", container_name="docs", id="{doc.id}", partition_key="{doc.id}",
                     connection="CosmosDBConnection")
def looked_up(message: func.QueueMessage, found: func.DocumentList):
    note("looked up", ids=[d["id"] for d in found or []])


@app.route(route="look/{id}")
@app.queue_output(arg_name="message", queue_name="lookups", connection="AzureWebJobsStorage")
def look(req: func.HttpRequest, message: func.Out[str]) -> str:
    message.set(json.dumps({"doc": {"id": req.route_params["id"]}}))
    return "looking"


@app.route(route="put", methods=["POST"])
@app.cosmos_db_output(arg_name="doc", database_name="db", container_name="docs", connection="CosmosDBConnection")
def put(req: func.HttpRequest, doc: func.Out[func.DocumentList]) -> str:
    doc.set(func.DocumentList([func.Document.from_dict(d) for d in req.get_json()]))
    return "stored"


@app.generic_trigger(arg_name="req", type="httpTrigger", route="generic", authLevel="anonymous")
@app.generic_output_binding(arg_name="$return", type="http")
def generic(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse("generic " + req.method)
