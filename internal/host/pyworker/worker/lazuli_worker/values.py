"""Data as it travels on the wire, and as azure-functions has it (Datum)."""

import datetime
import json
import math


class Strings:
    """collection_string, in the shape that the SDK reads."""

    def __init__(self, string):
        self.string = string


class Bytes:
    """collection_bytes."""

    def __init__(self, bytes):
        self.bytes = bytes


class Doubles:
    """collection_double."""

    def __init__(self, double):
        self.double = double


class Ints:
    """collection_sint64."""

    def __init__(self, sint64):
        self.sint64 = sint64


class ModelBindingData:
    """What a type of an Azure SDK is made of."""

    def __init__(self, model, parts):
        self.version = model.get("version", "")
        self.source = model.get("source", "")
        self.content_type = model.get("contentType", "")
        self.content = parts[model.get("part", 0)]


class Models:
    """collection_model_binding_data."""

    def __init__(self, all):
        self.model_binding_data = all


def decode(value, parts, Datum):
    """A value that came, as a Datum; None for none."""
    if value is None:
        return None
    kind = value["kind"]
    if kind in ("string", "json"):
        return Datum(parts[value.get("part", 0)].decode(), kind)
    if kind in ("bytes", "stream"):
        return Datum(parts[value.get("part", 0)], "bytes")
    if kind == "http":
        return Datum(decode_http(value["http"], parts, Datum), kind)
    if kind in ("int", "double"):
        return Datum(value.get(kind, 0), kind)
    if kind == "model_binding_data":
        return Datum(ModelBindingData(value["models"][0], parts), kind)
    return Datum(decode_collection(kind, value, parts), kind)


def decode_collection(kind, value, parts):
    first = value.get("part", 0)
    items = parts[first:first + value.get("count", 0)]
    if kind == "collection_bytes":
        return Bytes(list(items))
    if kind == "collection_string":
        return Strings([p.decode() for p in items])
    if kind == "collection_sint64":
        return Ints(value.get("ints") or [])
    if kind == "collection_double":
        return Doubles(value.get("doubles") or [])
    if kind == "collection_model_binding_data":
        return Models([ModelBindingData(m, parts) for m in value.get("models") or []])
    raise NotImplementedError("unsupported TypeData kind: %s" % kind)


def decode_http(http, parts, Datum):
    def texts(values):
        return {k: Datum(v or "", "string") for k, v in (values or {}).items()}

    return {
        "method": Datum(http.get("method", ""), "string"),
        "url": Datum(http.get("url", ""), "string"),
        "headers": texts(http.get("headers")),
        "params": texts(http.get("params")),
        "query": texts(http.get("query")),
        "body": decode(http.get("body"), parts, Datum) or Datum(b"", "bytes"),
    }


def encode(datum, parts):
    """A Datum as it travels; its bytes are added to parts. None for none."""
    kind = datum.type if datum is not None else None
    if kind is None:
        return None
    if kind in ("string", "json"):
        return part(kind, datum.value.encode("utf-8", "surrogatepass"), parts)
    if kind == "bytes":
        return part(kind, bytes(datum.value), parts)
    if kind in ("dict", "list"):
        return part("json", json.dumps(datum.value).encode(), parts)
    if kind in ("int", "bool"):
        return {"kind": "int", "int": integer(datum.value)}
    if kind == "double":
        return {"kind": "double", "double": number(datum.value, "a float")}
    if kind == "http":
        return {"kind": "http", "http": encode_http(datum.value, parts)}
    raise NotImplementedError("unexpected Datum type: %s" % kind)


def integer(value):
    value = int(value)
    if not -1 << 63 <= value < 1 << 63:
        raise ValueError("an int of %d bits does not fit: integers have 64 bits. Return it as text" % value.bit_length())
    return value


def number(value, what):
    if not math.isfinite(value):
        raise ValueError("%s is %r, for which JSON has no form" % (what, float(value)))
    return value


def part(kind, data, parts):
    parts.append(data)
    return {"kind": kind, "part": len(parts) - 1}


def encode_http(value, parts):
    return {
        "status": value["status_code"].value,
        "headers": {k: v.value for k, v in value["headers"].items()},
        "cookies": [encode_cookie(name, morsel) for cookie in value.get("cookies") or ()
                    for name, morsel in cookie.items()],
        "body": encode(value["body"], parts),
    }


def encode_cookie(name, morsel):
    out = {"name": name, "value": morsel.value, "secure": bool(morsel["secure"]), "httpOnly": bool(morsel["httponly"])}
    for key in ("domain", "path"):
        if morsel[key]:
            out[key] = morsel[key]
    if morsel["max-age"] != "":
        out["maxAge"] = number(float(morsel["max-age"]), "Max-Age of the cookie " + name)
    if morsel["expires"]:
        at = datetime.datetime.strptime(morsel["expires"], "%a, %d %b %Y %H:%M:%S GMT")
        out["expires"] = at.replace(tzinfo=datetime.timezone.utc).timestamp()
    same = morsel["samesite"].lower()
    if same in ("lax", "strict", "none"):
        out["sameSite"] = "explicitNone" if same == "none" else same
    return out
