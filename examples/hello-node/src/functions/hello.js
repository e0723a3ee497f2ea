const { app } = require('@azure/functions');

// hello greets by the path, the query, or a JSON body.
app.http('hello', {
    methods: ['GET', 'POST'],
    route: 'hello/{name?}',
    authLevel: 'anonymous',
    handler: async (request, context) => {
        let name = request.params.name ?? request.query.get('name');
        if (!name && request.method === 'POST') {
            ({ name } = await request.json());
        }
        context.log(`greeting ${name ?? 'nobody by name'}`);
        return { body: `Hello, ${name ?? 'world'}!` };
    },
});

app.timer('tick', {
    schedule: '0 */5 * * * *',
    handler: (timer, context) => context.log(`five minutes have passed${timer.isPastDue ? ', and more' : ''}`),
});
