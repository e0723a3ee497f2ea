const { app, input, output } = require('@azure/functions');
const { note } = require('../seen');

const connection = 'AzureWebJobsStorage';
const queue = output.storageQueue({ queueName: '%QUEUE%', connection });
const written = output.storageBlob({ path: 'out/{queueTrigger}.txt', connection });

app.http('enqueue', {
    route: 'enqueue/{text}', extraOutputs: [queue],
    handler: (request, context) => {
        context.extraOutputs.set(queue, [request.params.text, { object: request.params.text }]);
        return { body: 'queued' };
    },
});

app.storageQueue('fromQueue', {
    queueName: '%QUEUE%', connection, return: written,
    handler: (message, context) => {
        const m = context.triggerMetadata;
        note('queue', { body: message, count: m.dequeueCount, id: m.id, inserted: !Number.isNaN(Date.parse(m.insertionTime)) });
        return typeof message === 'string' ? Buffer.from(`blob of ${message}`) : undefined;
    },
});

const again = input.storageBlob({ path: 'out/{name}', connection });

app.storageBlob('fromBlob', {
    path: 'out/{name}', connection, extraInputs: [again],
    handler: (blob, context) => note('blob', {
        name: context.triggerMetadata.name, body: blob.toString(), uri: context.triggerMetadata.uri?.split('/').pop(),
        again: Buffer.from(context.extraInputs.get(again)).toString(),
    }),
});
