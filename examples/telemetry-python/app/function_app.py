"""The telemetry pipeline: device events come in through an event hub or over
HTTP, are stored as documents, and raise an alarm when a device runs hot."""

import json
import logging
from datetime import datetime, timezone
from typing import List

import azure.functions as func

app = func.FunctionApp(http_auth_level=func.AuthLevel.FUNCTION)

# The threshold of the alarm, in °C.
MAX_TEMPERATURE = 40.0


@app.route(route="HttpTrigger", methods=["GET", "POST"])
def HttpTrigger(req: func.HttpRequest) -> func.HttpResponse:
    """Answers with the name given in the query or in a JSON body."""
    name = req.params.get("name")
    if not name:
        try:
            name = req.get_json().get("name")
        except (ValueError, AttributeError):
            name = None
    if name:
        return func.HttpResponse(f"Hello, {name}. This HTTP triggered function executed successfully.")
    return func.HttpResponse(
        "This HTTP triggered function executed successfully. Pass a name in the query string "
        "or in the request body for a personalized response.")


@app.route(route="health", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
async def health(req: func.HttpRequest) -> func.HttpResponse:
    """Tells a load balancer that the app runs."""
    return reply(200, {"status": "healthy", "timestamp": now(), "service": "azure-functions"})


@app.route(route="devices/{deviceId}/check", methods=["GET"])
def check_device(req: func.HttpRequest) -> func.HttpResponse:
    """Says whether a temperature (?temperature=) would raise the alarm."""
    try:
        temperature = float(req.params["temperature"])
    except (KeyError, ValueError):
        return reply(400, {"error": "the query parameter temperature is missing, or is no number"})
    return reply(200, {
        "deviceId": req.route_params["deviceId"], "temperature": temperature,
        "threshold": MAX_TEMPERATURE, "alarm": temperature > MAX_TEMPERATURE,
    })


@app.route(route="process-event", methods=["POST"])
@app.cosmos_db_output(arg_name="outputDocument", database_name="serverless_db", container_name="events",
                      connection="CosmosDBConnection")
def http_trigger_process_event(req: func.HttpRequest, outputDocument: func.Out[func.Document]) -> func.HttpResponse:
    """Stores one event that was posted, with a few fields of ours."""
    try:
        event = req.get_json()
    except ValueError:
        event = None
    if not isinstance(event, dict):
        return reply(400, {"error": "the request body is not a JSON object"})
    for field in ("id", "deviceId"):
        if not isinstance(event.get(field), str) or not event[field]:
            return reply(400, {"error": f'required field "{field}" is missing, or is not a text'})
    event.update(processedAt=now(), source="http-trigger", status="processed")
    outputDocument.set(func.Document.from_dict(event))
    logging.info("HTTP trigger processed event %s of device %s", event["id"], event["deviceId"])
    return reply(200, {
        "status": "success", "message": "Event processed successfully",
        "eventId": event["id"], "processedAt": event["processedAt"],
    })


@app.event_hub_message_trigger(arg_name="events", event_hub_name="telemetry_events", connection="EventHubConnection",
                               cardinality=func.Cardinality.MANY)
@app.cosmos_db_output(arg_name="outputDocuments", database_name="serverless_db", container_name="events",
                      connection="CosmosDBConnection")
@app.retry(strategy="fixed_delay", max_retry_count="3", delay_interval="00:00:02")
def eventhub_trigger_processor(events: List[func.EventHubEvent], outputDocuments: func.Out[func.DocumentList]) -> None:
    """Turns a batch of telemetry into documents. An event that is not a JSON
    object is logged and left out; the others are stored."""
    logging.info("EventHub trigger function processing %d events", len(events))
    processed_at = now()
    documents = func.DocumentList()
    for event in events:
        try:
            documents.append(func.Document.from_dict(new_document(event, processed_at)))
        except ValueError as error:
            logging.error("Skipping an event that is not telemetry: event %d: %s", event.sequence_number, error)
    if documents:
        outputDocuments.set(documents)
    logging.info("Successfully processed %d of %d events", len(documents), len(events))


@app.cosmos_db_trigger(arg_name="documents", database_name="serverless_db", container_name="events",
                       connection="CosmosDBConnection", lease_container_name="leases")
def cosmosdb_changefeed_processor(documents: func.DocumentList) -> None:
    """Looks at every stored document and warns of devices that run hot."""
    logging.info("Cosmos DB Change Feed triggered with %d document(s)", len(documents))
    for doc in documents:
        logging.info("Document changed: id=%s deviceId=%s eventType=%s",
                     doc.get("id"), doc.get("deviceId"), doc.get("eventType"))
        data = doc.get("data")
        temperature = data.get("temperature") if isinstance(data, dict) else None
        if doc.get("eventType") == "telemetry" and isinstance(temperature, (int, float)) and temperature > MAX_TEMPERATURE:
            logging.warning("High temperature alert: %s °C exceeds the threshold of %s °C on device %s",
                            float(temperature), MAX_TEMPERATURE, doc.get("deviceId"))


def new_document(event: func.EventHubEvent, processed_at: str) -> dict:
    """The document of an event; ValueError when it is no JSON object."""
    body = json.loads(event.get_body())
    if not isinstance(body, dict):
        raise ValueError("it is no JSON object")
    return {
        "id": body.get("id") or f"evt-{event.sequence_number}",
        "deviceId": body.get("deviceId") or "unknown",
        "eventType": body.get("eventType") or "telemetry",
        "timestamp": body.get("timestamp", processed_at),
        "data": body.get("data", {}),
        "location": body.get("location", {}),
        "eventHub": {
            "partitionKey": event.partition_key or "",
            "sequenceNumber": event.sequence_number,
            "enqueuedTime": rfc3339(event.enqueued_time),
            "offset": str(event.offset),
        },
        "processedAt": processed_at, "source": "eventhub-trigger", "status": "processed",
    }


def rfc3339(at: datetime) -> str:
    """A time as Go and JavaScript write it: no more digits than there are."""
    text = at.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%f").rstrip("0").rstrip(".")
    return text + "Z"


def now() -> str:
    return datetime.now(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def reply(code: int, value: dict) -> func.HttpResponse:
    return func.HttpResponse(json.dumps(value), status_code=code, mimetype="application/json")
