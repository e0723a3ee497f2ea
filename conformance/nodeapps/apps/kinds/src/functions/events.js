const { app, output } = require('@azure/functions');
const { note } = require('../seen');

const connection = 'EventHubConnection';
const docs = output.cosmosDB({
    databaseName: 'db', containerName: 'docs', connection: 'CosmosDBConnection', createIfNotExists: true, partitionKey: '/id',
});

app.eventHub('many', {
    connection, eventHubName: 'many', cardinality: 'many', extraOutputs: [docs],
    return: output.eventHub({ connection, eventHubName: 'one' }),
    handler: (events, context) => {
        const m = context.triggerMetadata;
        note('many', {
            bodies: events, numbers: m.sequenceNumberArray, keys: m.partitionKeyArray, offsets: m.offsetArray.length,
            times: m.enqueuedTimeUtcArray.map((t) => !Number.isNaN(Date.parse(t))), names: Object.keys(m).sort(),
        });
        context.extraOutputs.set(docs, events.map((e) => ({ id: String(e.id ?? e), n: 1 })));
        return { count: events.length };
    },
});

app.eventHub('one', {
    connection, eventHubName: 'one', cardinality: 'one',
    handler: (event, context) => note('one', { body: event, number: context.triggerMetadata.sequenceNumber, offset: context.triggerMetadata.offset }),
});

app.eventHub('retried', {
    connection, eventHubName: 'retried', cardinality: 'one', retry: { strategy: 'fixedDelay', maxRetryCount: 2, delayInterval: 0 },
    handler: (event, context) => {
        const retry = context.retryContext;
        note('retried', { count: retry.retryCount, max: retry.maxRetryCount, why: retry.exception?.message ?? '' });
        if (retry.retryCount < 2) {
            throw new Error(`attempt ${retry.retryCount}`);
        }
    },
});

app.cosmosDB('changed', {
    databaseName: 'db', containerName: 'docs', connection: 'CosmosDBConnection', leaseContainerName: 'leases', createLeaseContainerIfNotExists: true,
    handler: (documents) => note('changed', { ids: documents.map((d) => d.id) }),
});

app.timer('tick', {
    schedule: '0 0 0 1 1 *',
    handler: (timer) => note('timer', { pastDue: timer.isPastDue, schedule: typeof timer.schedule, next: timer.scheduleStatus?.next ?? null }),
});
