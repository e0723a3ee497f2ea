import logging

import azure.functions as func

app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)


@app.route(route="hello/{name?}", methods=["GET", "POST"])
def hello(req: func.HttpRequest) -> func.HttpResponse:
    """Greets by the path, the query, or a JSON body."""
    name = req.route_params.get("name") or req.params.get("name")
    if not name:
        try:
            name = req.get_json().get("name")
        except (ValueError, AttributeError):
            pass
    logging.info("greeting %s", name or "nobody by name")
    return func.HttpResponse(f"Hello, {name or 'world'}!")


@app.timer_trigger(arg_name="timer", schedule="0 */5 * * * *")
def tick(timer: func.TimerRequest) -> None:
    logging.info("five minutes have passed%s", ", and more" if timer.past_due else "")
