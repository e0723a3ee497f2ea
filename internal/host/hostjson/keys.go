package hostjson

import "strings"

// keys are the keys of host.json that Azure's hosts know, and ours: each with why it has
// no effect here, "" where it has one. A path that ends in .* stands for all names in that
// object, one that ends in .** for all that is below it. What a reader of a section asks
// for belongs here too; TestKeys holds the two together.
//
// Source: https://learn.microsoft.com/azure/azure-functions/functions-host-json, and the
// options of the extensions.
var keys = table(`
$schema
version
id
functionTimeout
functions
isDefaultHostConfig
extensionBundle.**
lazuli.scale.**
lazuli.functions.**
watchDirectories        | every folder of the app is watched
watchFiles              | every file with code, host.json and local.settings.json are watched
telemetryMode           | telemetry of functions is in the portal
managedDependency.**    | PowerShell is not supported
retry.**                | a retry policy is a function's own, since Azure took it out of host.json
aggregator.**           | runs are counted when they end
healthMonitor.**        | a host does not restart itself; concurrency.CPUThreshold says when the machine is not well
singleton.**            | locks last 15 seconds, a killed host's too
tracing.**              | it is of version 1; logging.logLevel says what is logged
queues.**               | it is of version 1; extensions.queues has it
eventHub.**             | it is of version 1; extensions.eventHubs has it
serviceBus.**           | it is of version 1; extensions.serviceBus has it
http.**                 | it is of version 1; extensions.http has it
applicationInsights.**  | it is of version 1; logging has it
concurrency.dynamicConcurrencyEnabled
concurrency.snapshotPersistenceEnabled
concurrency.maximumFunctionConcurrency
concurrency.CPUThreshold
concurrency.memoryThreshold            | memory has no limit here
concurrency.totalAvailableMemoryBytes  | memory has no limit here
logging.logLevel.*
logging.fileLoggingMode        | logs go to the console and the portal
logging.console.**             | lazuli has flags for its output
logging.applicationInsights.** | nothing leaves this machine, and no run is left out
customHandler.description.defaultExecutablePath
customHandler.description.defaultWorkerPath
customHandler.description.workingDirectory
customHandler.description.arguments
customHandler.description.workerArguments
customHandler.enableForwardingHttpRequest
customHandler.enableProxyingHttpRequest
customHandler.type
customHandler.port
customHandler.initializationTimeout
customHandler.http.defaultAuthorizationLevel
customHandler.http.routes
httpWorker.description.defaultExecutablePath
httpWorker.description.defaultWorkerPath
httpWorker.description.workingDirectory
httpWorker.description.arguments
httpWorker.description.workerArguments
httpWorker.enableForwardingHttpRequest
httpWorker.enableProxyingHttpRequest
httpWorker.type
httpWorker.port
httpWorker.initializationTimeout
configurationProfile
extensions.http.routePrefix
extensions.http.maxOutstandingRequests
extensions.http.maxConcurrentRequests
extensions.http.customHeaders.*
extensions.http.dynamicThrottlesEnabled | requests are refused by maxOutstandingRequests alone
extensions.http.hsts.**                 | Azure's host sends that header over HTTPS only, and never for localhost
extensions.eventHubs.maxEventBatchSize
extensions.eventHubs.minEventBatchSize
extensions.eventHubs.maxWaitTime
extensions.eventHubs.batchCheckpointFrequency
extensions.eventHubs.prefetchCount
extensions.eventHubs.targetUnprocessedEventThreshold
extensions.eventHubs.loadBalancingUpdateInterval
extensions.eventHubs.partitionOwnershipExpirationInterval
extensions.eventHubs.initialOffsetOptions.type
extensions.eventHubs.initialOffsetOptions.enqueuedTimeUtc
extensions.eventHubs.eventProcessorOptions.maxBatchSize
extensions.eventHubs.eventProcessorOptions.prefetchCount
extensions.eventHubs.eventProcessorOptions.** | it is of version 4 of the extension
extensions.eventHubs.prefetchSizeInBytes      | prefetchCount bounds what is read ahead
extensions.eventHubs.trackLastEnqueuedEventProperties | backlogs are asked for
extensions.eventHubs.transportType            | AMQP is spoken over TCP
extensions.eventHubs.webProxy                 | AMQP is spoken over TCP
extensions.eventHubs.customEndpointAddress    | the connection says where the hub is
extensions.eventHubs.clientRetryOptions.**    | the client tries again as it does by itself
extensions.cosmosDB.connectionMode            | the gateway is spoken to over HTTP
extensions.cosmosDB.userAgentSuffix           | requests of this process have none
extensions.cosmosDB.protocol                  | the gateway is spoken to over HTTP
extensions.cosmosDB.leaseOptions.**           | the binding has leaseContainerPrefix
extensions.cosmosDB.clientOptions.**          | the client tries again as it does by itself
extensions.queues.batchSize
extensions.queues.newBatchThreshold
extensions.queues.maxPollingInterval
extensions.queues.visibilityTimeout
extensions.queues.maxDequeueCount
extensions.queues.messageEncoding
extensions.blobs.maxDegreeOfParallelism
extensions.blobs.poisonBlobThreshold
extensions.serviceBus.autoCompleteMessages
extensions.serviceBus.maxConcurrentCalls
extensions.serviceBus.maxConcurrentSessions
extensions.serviceBus.maxMessageBatchSize
extensions.serviceBus.minMessageBatchSize
extensions.serviceBus.maxBatchWaitTime
extensions.serviceBus.sessionIdleTimeout
extensions.serviceBus.maxAutoLockRenewalDuration
extensions.serviceBus.messageHandlerOptions.autoComplete
extensions.serviceBus.messageHandlerOptions.maxConcurrentCalls
extensions.serviceBus.messageHandlerOptions.maxAutoRenewDuration
extensions.serviceBus.sessionHandlerOptions.maxConcurrentSessions
extensions.serviceBus.sessionHandlerOptions.messageWaitTimeout
extensions.serviceBus.messageHandlerOptions.** | it is of version 4 of the extension
extensions.serviceBus.sessionHandlerOptions.** | it is of version 4 of the extension
extensions.serviceBus.batchOptions.**          | it is of version 4 of the extension; maxMessageBatchSize bounds a batch
extensions.serviceBus.prefetchCount            | messages are received when a function is free for them
extensions.serviceBus.maxConcurrentCallsPerSession | the messages of a session come one after the other
extensions.serviceBus.transportType            | AMQP is spoken over TCP
extensions.serviceBus.webProxy                 | AMQP is spoken over TCP
extensions.serviceBus.clientRetryOptions.**    | the client tries again as it does by itself
extensions.serviceBus.enableCrossEntityTransactions | there are no transactions
extensions.kafka.maxBatchSize
extensions.kafka.commitOnFailure
extensions.kafka.autoOffsetReset
extensions.kafka.sessionTimeoutMs
extensions.kafka.maxPollIntervalMs
extensions.kafka.maxPartitionFetchBytes
extensions.kafka.fetchMaxBytes
extensions.kafka.metadataMaxAgeMs
extensions.kafka.subscriberIntervalInSeconds   | events are handed over when they come
extensions.kafka.executorChannelCapacity       | a partition has one invocation at a time
extensions.kafka.channelFullRetryIntervalInMs  | a partition that is behind is not read meanwhile
extensions.kafka.autoCommitIntervalMs          | the position is committed after each invocation
extensions.kafka.reconnectBackoffMs            | a broker that cannot be reached is tried again after a while that doubles
extensions.kafka.reconnectBackoffMaxMs         | a broker that cannot be reached is tried again after a while that doubles
extensions.kafka.statisticsIntervalMs          | there are no statistics of librdkafka
extensions.kafka.queuedMinMessages             | what is read ahead is bounded by bytes
extensions.kafka.queuedMaxMessagesKbytes       | what is read ahead is bounded by fetchMaxBytes
extensions.kafka.libkafkaDebug                 | there is no librdkafka
extensions.kafka.socketKeepaliveEnable         | connections are kept alive
extensions.kafka.maxRetries                    | a function's retry policy says how often it is tried
extensions.durableTask.**  | durable functions are not supported
extensions.sendGrid.**     | SendGrid is not supported
extensions.signalR.**      | SignalR is not supported
extensions.sql.**          | SQL is not supported
extensions.mySql.**        | SQL is not supported
extensions.eventGrid.**    | a blob trigger with the source EventGrid is told by the storage itself
extensions.rabbitMQ.**     | RabbitMQ is not supported
extensions.redis.**        | Redis is not supported
extensions.warmup.**       | it has no options
`)

// key is one of them.
type key struct {
	path string // as Azure writes it, without the stars
	why  string
	wild string // "", "*" or "**"
}

func table(text string) map[string]key {
	out := map[string]key{}
	for line := range strings.Lines(text) {
		path, why, _ := strings.Cut(line, "|")
		k := key{path: strings.TrimSpace(path), why: strings.TrimSpace(why)}
		if k.path == "" {
			continue
		}
		for _, wild := range []string{".**", ".*"} {
			if bare, ok := strings.CutSuffix(k.path, wild); ok {
				k.path, k.wild = bare, wild[1:]
				break
			}
		}
		out[strings.ToLower(k.path)] = k
	}
	return out
}
