const { app, HttpResponse } = require('@azure/functions');
const { seen } = require('../seen');

app.http('seen', { handler: () => ({ jsonBody: seen }) });

app.http('echo', {
    methods: ['POST', 'PUT'], route: 'echo/{a:int}/{*rest}', authLevel: 'anonymous',
    handler: async (request, context) => {
        const body = Buffer.from(await request.clone().arrayBuffer());
        const form = await request.formData();
        return {
            status: 201, headers: { 'X-Answer': 'yes' },
            jsonBody: {
                method: request.method, path: new URL(request.url).pathname, query: request.query.get('q'), empty: request.query.get('e'), params: request.params,
                header: request.headers.get('X-Test'), body: body.toString('hex'), form: Object.fromEntries(form),
                function: context.functionName, trace: context.traceContext.traceParent, setting: process.env.GREETING,
                options: context.options.trigger.route, invocation: context.invocationId,
            },
        };
    },
});

app.get('cookies', () => ({
    body: Buffer.from([0, 255]),
    cookies: [
        { name: 'a', value: '1', path: '/x', httpOnly: true, sameSite: 'Lax', maxAge: 60 },
        { name: 'b', value: '2+2=4 가', secure: true, sameSite: 'None', expires: new Date('2026-10-21T07:28:00Z') },
    ],
}));
app.get('object', async () => new HttpResponse({ status: 202, body: new ReadableStream({ start(c) { c.enqueue(Buffer.from('한글')); c.close(); } }) }));
app.get('nothing', () => {});
app.get('empty', () => ({ status: 204 }));
app.get('text', () => 'no object');
app.deleteRequest('gone', { route: 'text', handler: (r) => ({ body: r.method }) });

app.http('logs', {
    handler: (request, context) => {
        console.log('printed,', { in: 'pieces' });
        context.debug('not shown');
        context.error('an error', 7);
        return { body: context.invocationId };
    },
});

app.http('fail', {
    handler: async () => {
        try {
            JSON.parse('{');
        } catch (inner) {
            throw new RangeError('outer 한글', { cause: inner });
        }
    },
});

app.http('exit', { handler: () => process.exit(0) });

const waiting = [];
app.http('together', {
    handler: () => new Promise((resolve) => {
        waiting.push(resolve);
        if (waiting.length === 5) {
            waiting.forEach((r) => r({ body: 'all' }));
        }
    }),
});

app.http('methods', {
    methods: ['HEAD', 'OPTIONS'], route: 'methods/{value}',
    handler: (request) => ({ status: 202, headers: { 'X-Seen': `${request.method} ${request.params.value}`, Allow: 'HEAD, OPTIONS' } }),
});
app.post('upload', async (request) => {
    const form = await request.formData();
    const file = form.get('f');
    return { body: `${form.get('word')} ${file.name} ${Buffer.from(await file.arrayBuffer()).toString('hex')}` };
});
