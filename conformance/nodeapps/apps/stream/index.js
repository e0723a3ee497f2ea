const { app } = require('@azure/functions');

app.setup({ enableHttpStream: true });

// chunks sends one as often as it is asked to.
app.http('chunks', {
    route: 'chunks/{n:int}',
    handler: (request) => {
        let sent = 0;
        const body = new ReadableStream({
            async pull(c) {
                if (sent++ < Number(request.params.n)) {
                    await new Promise((r) => setTimeout(r, 200));
                    c.enqueue(Buffer.from(`data: ${sent}\n\n`));
                } else {
                    c.close();
                }
            },
        });
        return { headers: { 'Content-Type': 'text/event-stream', 'X-Test': request.headers.get('x-test') ?? 'none' }, body, cookies: [{ name: 'a', value: '1' }] };
    },
});

app.post('length', async (request) => {
    let length = 0;
    for await (const chunk of request.body) {
        length += chunk.length;
    }
    return { jsonBody: { length, query: request.query.getAll('q'), host: new URL(request.url).host } };
});

app.get('fail', () => { throw new Error('it does not stream'); });
app.get('late', () => ({ body: new ReadableStream({ async pull(c) { c.enqueue(Buffer.from('begun')); await new Promise((r) => setTimeout(r, 50)); c.error(new Error('it broke off')); } }) }));
app.get('nothing', () => {});
app.timer('tick', { schedule: '0 0 0 1 1 *', handler: (timer, context) => context.log('ticked') });
