import azure.functions as func

bp = func.Blueprint()


@bp.route(route="blue")
def blue(req: func.HttpRequest) -> str:
    return "of the blueprint"
