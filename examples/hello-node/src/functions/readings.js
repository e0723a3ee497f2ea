const { app } = require('@azure/functions');

// readings sees events in batches: one call for all that have come to a partition.
app.eventHub('readings', {
    connection: 'EventHubConnection',
    eventHubName: 'readings',
    cardinality: 'many',
    handler: (events, context) => {
        const hot = events.filter((e) => e.temperature > 40);
        context.log(`${events.length} readings, ${hot.length} of them hot`);
    },
});
