import { app, HttpRequest, HttpResponseInit, InvocationContext } from '@azure/functions';

interface Greeting {
    name: string;
}

async function greet(request: HttpRequest, context: InvocationContext): Promise<HttpResponseInit> {
    const greeting: Greeting = { name: request.query.get('name') ?? 'world' };
    context.log(`greeting ${greeting.name}`);
    return { body: `Hello, ${greeting.name}!` };
}

function fail(): HttpResponseInit { throw new Error('typed'); }

app.get('typed', greet);
app.get('fail', fail);
