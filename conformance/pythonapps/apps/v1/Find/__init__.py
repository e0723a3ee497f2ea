import azure.functions as func


def main(req: func.HttpRequest, found: func.DocumentList, all: func.DocumentList) -> str:
    return "%s of %d" % (found[0]["id"], len(all)) if found else "none of %d" % len(all)
