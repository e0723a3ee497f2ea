package functions

// HTTPOption configures a function registered with [App.HTTP].
type HTTPOption interface{ applyHTTP(*function, *httpTrigger) }

// EventHubOption configures a function registered with [App.EventHub] or
// [App.EventHubEach].
type EventHubOption interface {
	applyEventHub(*function, *eventHubTrigger)
}

// CosmosDBOption configures a function registered with [App.CosmosDB].
type CosmosDBOption interface {
	applyCosmosDB(*function, *cosmosTrigger)
}

// CosmosOutputOption configures a [CosmosOutput].
type CosmosOutputOption interface{ applyCosmosOutput(*Output) }

// The option functions that fit one registration are plain functions of these
// types; those that fit several have a type of their own below.
type (
	httpOption     func(*httpTrigger)
	eventHubOption func(*eventHubTrigger)
	cosmosOption   func(*cosmosTrigger)
)

func (o httpOption) applyHTTP(_ *function, t *httpTrigger)             { o(t) }
func (o eventHubOption) applyEventHub(_ *function, t *eventHubTrigger) { o(t) }
func (o cosmosOption) applyCosmosDB(_ *function, t *cosmosTrigger)     { o(t) }

// ConnectionOption is what [Connection] returns; it fits every trigger and
// output that reaches a service.
type ConnectionOption struct{ setting string }

// Connection names the app setting that says how to reach the service: a
// connection string, or the prefix of identity settings such as
// NAME__fullyQualifiedNamespace. It is a setting's name and never the
// connection string itself.
func Connection(setting string) ConnectionOption { return ConnectionOption{setting} }

func (o ConnectionOption) applyEventHub(_ *function, t *eventHubTrigger) { t.connection = o.setting }

func (o ConnectionOption) applyCosmosDB(_ *function, t *cosmosTrigger) { t.connection = o.setting }

func (o ConnectionOption) applyCosmosOutput(out *Output) { out.connection = o.setting }

// ContainerOption is what [Database] and [Container] return.
type ContainerOption struct{ database, container string }

// Database names the Cosmos DB database whose container is watched.
func Database(name string) ContainerOption { return ContainerOption{database: name} }

// Container names the Cosmos DB container that is watched.
func Container(name string) ContainerOption { return ContainerOption{container: name} }

func (o ContainerOption) applyCosmosDB(_ *function, t *cosmosTrigger) {
	if o.database != "" {
		t.database = o.database
	}
	if o.container != "" {
		t.container = o.container
	}
}
