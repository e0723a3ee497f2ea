// One run of a function.
'use strict';

const { ensureError } = require('./faults');
const { decode, encode } = require('./values');

// Context is what the app's SDK is given of an invocation.
class Context {
    constructor(app, f, request) {
        this.invocationId = request.invocationId;
        this.request = request;
        this.metadata = f.metadata;
        this.state = undefined;
        this.seen = undefined; // the context that the function sees
        this.log = (level, category, ...message) => {
            app.logs.write({
                level, category, message: message.join(' '), invocation: request.invocationId,
                function: f.metadata.name, context: this.seen, appHookData: app.hookData,
            });
        };
    }
}

// invoke runs a function and returns its response, in the SDK's words. It throws
// what the function threw.
async function invoke(app, f, request) {
    const core = new Context(app, f, request);
    const model = app.model.getInvocationModel(core);
    const hookData = {};
    const common = { hookData, appHookData: app.hookData };
    const { context, inputs } = await model.getArguments();
    core.seen = context;
    const before = { ...common, invocationContext: context, functionCallback: f.callback, inputs };
    await during(core, 'preInvocationHooks', () => app.hooks.run('preInvocation', before));
    const after = { ...common, invocationContext: context, inputs: before.inputs, result: null, error: null };
    await during(core, 'invocation', async () => {
        try {
            after.result = await model.invokeFunction(context, before.inputs, before.functionCallback);
        } catch (error) {
            after.error = error ?? ensureError(error); // what is thrown is an error, whatever it is
        }
    });
    await during(core, 'postInvocationHooks', () => app.hooks.run('postInvocation', after));
    if (after.error !== null && after.error !== undefined) {
        throw after.error;
    }
    return model.getResponse(context, after.result);
}

async function during(core, state, run) {
    core.state = state;
    try {
        await run();
    } finally {
        core.state = undefined;
    }
}

// requestOf is what came, in the SDK's words.
function requestOf(message, parts) {
    return {
        invocationId: message.id, functionId: message.functionId,
        inputData: (message.inputs ?? []).map((i) => ({ name: i.name, data: decode(i.value, parts) })),
        triggerMetadata: Object.fromEntries(Object.entries(message.metadata ?? {}).map(([k, v]) => [k, decode(v, parts)])),
        traceContext: message.trace && {
            traceParent: message.trace.parent, traceState: message.trace.state, attributes: message.trace.attributes,
        },
        retryContext: message.retry && retryOf(message.retry),
    };
}

function retryOf(r) {
    const e = r.exception;
    return {
        retryCount: r.count, maxRetryCount: r.max,
        exception: e && { message: e.message, source: e.source ?? '', stackTrace: e.stack ?? '', type: e.type },
    };
}

// answerOf is a response for the wire.
function answerOf(response, parts) {
    const outputs = (response.outputData ?? []).map((o) => ({ name: o.name, value: encode(o.data, parts) }));
    return { status: 'ok', return: encode(response.returnValue, parts), outputs: outputs.filter((o) => o.value !== undefined) };
}

module.exports = { answerOf, invoke, requestOf };
