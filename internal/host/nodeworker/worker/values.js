// Data as it travels on the wire, and as @azure/functions has it: the fields of
// TypedData by their names in lower camel case.
'use strict';

// decode is a value that came; undefined for none.
function decode(value, parts) {
    if (!value) {
        return undefined;
    }
    const first = value.part ?? 0;
    const some = () => parts.slice(first, first + (value.count ?? 0));
    switch (value.kind) {
        case 'string':
        case 'json':
            return { [value.kind]: parts[first].toString() };
        case 'bytes':
        case 'stream':
            return { [value.kind]: parts[first] };
        case 'int':
        case 'double':
            return { [value.kind]: value[value.kind] ?? 0 };
        case 'http':
            return { http: decodeHttp(value.http, parts) };
        case 'collection_string':
            return { collectionString: { string: some().map(String) } };
        case 'collection_bytes':
            return { collectionBytes: { bytes: some() } };
        case 'collection_sint64':
            return { collectionSint64: { sint64: value.ints ?? [] } };
        case 'collection_double':
            return { collectionDouble: { double: value.doubles ?? [] } };
        case 'model_binding_data':
            return { modelBindingData: decodeModel(value.models[0], parts) };
        case 'collection_model_binding_data':
            return { collectionModelBindingData: { modelBindingData: (value.models ?? []).map((m) => decodeModel(m, parts)) } };
    }
    throw new Error(`the host sent a value of kind "${value.kind}"`);
}

function decodeModel(model, parts) {
    return { version: model.version, source: model.source, contentType: model.contentType, content: parts[model.part ?? 0] };
}

function decodeHttp(http, parts) {
    return {
        method: http.method, url: http.url, body: decode(http.body, parts),
        headers: texts(http.headers), query: http.query && texts(http.query), params: texts(http.params),
    };
}

// texts are values of which some may be null.
function texts(values) {
    const out = values ?? {};
    for (const name in out) {
        out[name] ??= '';
    }
    return out;
}

// encode is a value to send, whose bytes go behind parts; undefined for none.
function encode(data, parts) {
    if (data === null || data === undefined) {
        return undefined;
    }
    const put = (bytes) => parts.push(bytes) - 1;
    const text = (s) => put(Buffer.from(s));
    if (typeof data.string === 'string') {
        return { kind: 'string', part: text(data.string) };
    }
    if (typeof data.json === 'string') {
        return { kind: 'json', part: text(data.json) };
    }
    if (data.bytes ?? data.stream) {
        return { kind: 'bytes', part: put(data.bytes ?? data.stream) };
    }
    if (typeof (data.int ?? data.double) === 'number') {
        return number(data.int ?? data.double, text);
    }
    if (data.http) {
        return { kind: 'http', http: encodeHttp(data.http, parts) };
    }
    return encodeCollection(data, parts);
}

// number keeps what JSON cannot hold, or an integer of 64 bits.
function number(n, text) {
    if (Number.isSafeInteger(n)) {
        return { kind: 'int', int: n };
    }
    return Number.isFinite(n) ? { kind: 'double', double: n } : { kind: 'string', part: text(String(n)) };
}

// safe is an integer that is itself on the wire.
function safe(n) {
    if (!Number.isSafeInteger(Number(n))) {
        throw new RangeError(`${n} is no integer below 2**53; return it as text`);
    }
    return Number(n);
}

// finite is a number for which JSON has a form; undefined for none.
function finite(n, what) {
    if (n !== undefined && n !== null && !Number.isFinite(n)) {
        throw new RangeError(`${what} is ${n}, for which JSON has no form`);
    }
    return n;
}

function encodeCollection(data, parts) {
    const part = parts.length;
    if (data.collectionString) {
        parts.push(...data.collectionString.string.map((s) => Buffer.from(s)));
        return { kind: 'collection_string', part, count: parts.length - part };
    }
    if (data.collectionBytes) {
        parts.push(...data.collectionBytes.bytes);
        return { kind: 'collection_bytes', part, count: parts.length - part };
    }
    if (data.collectionSint64) {
        return { kind: 'collection_sint64', ints: data.collectionSint64.sint64.map(safe) };
    }
    if (data.collectionDouble) {
        return { kind: 'collection_double', doubles: data.collectionDouble.double.map((n) => finite(n, 'a number')) };
    }
    return undefined; // nothing that has a form on the wire, such as a function
}

function encodeHttp(http, parts) {
    return {
        status: http.statusCode, headers: http.headers ?? {}, body: encode(http.body, parts),
        negotiate: http.enableContentNegotiation, cookies: (http.cookies ?? []).map(encodeCookie),
    };
}

function encodeCookie(c) {
    return {
        name: c.name, value: c.value, sameSite: c.sameSite, domain: c.domain?.value, path: c.path?.value,
        expires: c.expires?.value?.seconds, secure: c.secure?.value, httpOnly: c.httpOnly?.value,
        maxAge: finite(c.maxAge?.value, `maxAge of the cookie ${c.name}`),
    };
}

module.exports = { decode, encode };
