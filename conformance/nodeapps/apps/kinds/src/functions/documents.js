const { app, input, output } = require('@azure/functions');
const { note } = require('../seen');

const place = { databaseName: 'db', containerName: 'docs', connection: 'CosmosDBConnection' };
const stored = output.cosmosDB(place);
const one = input.cosmosDB({ ...place, id: '{id}', partitionKey: '{id}' });
const many = input.cosmosDB({ ...place, sqlQuery: 'SELECT VALUE c.id FROM c WHERE c.kind = {Query.kind} ORDER BY c.id' });
const looked = input.cosmosDB({ ...place, id: '{doc.id}', partitionKey: '{doc.id}' });
const queue = output.storageQueue({ queueName: 'lookups', connection: 'AzureWebJobsStorage' });

app.post('put', {
    extraOutputs: [stored],
    handler: async (request, context) => {
        context.extraOutputs.set(stored, await request.json());
        return { body: 'stored' };
    },
});

app.get('document', {
    route: 'document/{id}', extraInputs: [one],
    handler: (request, context) => ({ jsonBody: { found: context.extraInputs.get(one) ?? null } }),
});

app.get('documents', {
    extraInputs: [many],
    handler: (request, context) => ({ jsonBody: context.extraInputs.get(many) }),
});

app.get('look', {
    route: 'look/{id}', extraOutputs: [queue],
    handler: (request, context) => {
        context.extraOutputs.set(queue, { doc: { id: request.params.id } });
        return { body: 'looking' };
    },
});

app.storageQueue('lookedUp', {
    queueName: 'lookups', connection: 'AzureWebJobsStorage', extraInputs: [looked],
    handler: (message, context) => note('looked up', { id: context.extraInputs.get(looked)?.id }),
});
