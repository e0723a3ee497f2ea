import json

import azure.functions as func


async def store(req: func.HttpRequest, doc: func.Out[func.Document], events: func.Out[str]) -> str:
    doc.set(func.Document.from_json(req.get_body()))
    events.set(req.get_body().decode())
    return json.dumps({"stored": req.get_json()["id"]})
