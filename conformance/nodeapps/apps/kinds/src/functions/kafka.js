const { app, output, trigger } = require('@azure/functions');
const { note, seen } = require('../seen');

const out = output.generic({ type: 'kafka', topic: 'plain', brokerList: 'KAFKA' });

app.warmup('warmUp', { handler: () => note('warm', { first: seen.length === 0 }) });

app.get('produce', {
    route: 'produce/{text}', extraOutputs: [out],
    handler: (request, context) => {
        context.extraOutputs.set(out, {
            Offset: 0, Partition: 0, Topic: 'plain', Timestamp: '2026-01-01T00:00:00Z', Value: request.params.text, Headers: [{ Key: 'h', Value: 'v' }],
        });
        return { body: 'produced' };
    },
});

app.generic('consumed', {
    trigger: trigger.generic({ type: 'kafkaTrigger', topic: 'plain', brokerList: 'KAFKA', consumerGroup: 'node' }),
    handler: (event, context) => note('kafka', {
        value: event.Value, headers: event.Headers, topic: context.triggerMetadata.topic, offset: context.triggerMetadata.offset,
    }),
});

app.generic('consumedMany', {
    trigger: trigger.generic({ type: 'kafkaTrigger', topic: 'batch', brokerList: '%KAFKA%', consumerGroup: 'node', cardinality: 'many' }),
    handler: (events, context) => note('kafkas', { values: events.map((e) => e.Value), offsets: context.triggerMetadata.offsetArray }),
});
