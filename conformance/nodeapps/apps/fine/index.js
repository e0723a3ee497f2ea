import { app } from '@azure/functions';

app.http('fine', { handler: async () => ({ body: 'first' }) });
