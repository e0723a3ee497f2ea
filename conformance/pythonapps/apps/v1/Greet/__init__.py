import azure.functions as func

from ..shared import words
from __app__.shared.words import greeting


def main(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
    assert words.greeting is greeting
    return func.HttpResponse(greeting(req.params.get("name", "you")) + " from " + context.function_name)
