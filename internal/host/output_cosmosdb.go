package host

import (
	"context"
	"sync"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/funcrpc"
	"github.com/lazuli-dev/lazuli/internal/host/binding"
	"github.com/lazuli-dev/lazuli/internal/host/expr"
	"github.com/lazuli-dev/lazuli/internal/host/settings"
	"github.com/lazuli-dev/lazuli/internal/host/trigger"
)

// documentOutput is a cosmosDB output binding: one document or an array of
// them, upserted together.
//
// Supported properties: databaseName, containerName (or collectionName),
// connection (or connectionStringSetting), createIfNotExists, partitionKey.
// Names may have {placeholders}. The throughput of a created container is not
// ours to set and is ignored.
type documentOutput struct {
	binding             *binding.Binding
	conn                settings.Connection
	database, container *expr.Template
	createWithKey       string
	sinks               *sinks
}

func newDocumentOutput(b *binding.Binding, all *sinks) (*documentOutput, error) {
	o := &documentOutput{binding: b, sinks: all}
	var err error
	if o.database, err = nameTemplate(b, "databaseName"); err != nil {
		return nil, err
	}
	if o.container, err = nameTemplate(b, "containerName", "collectionName"); err != nil {
		return nil, err
	}
	if o.conn, err = all.settings.Connection(settings.CosmosDB, firstText(b, "connection", "connectionStringSetting")); err != nil {
		return nil, err
	}
	create, err := b.Bool("createIfNotExists")
	if err != nil {
		return nil, err
	}
	if create {
		if o.createWithKey = b.Text("partitionKey"); o.createWithKey == "" {
			o.createWithKey = "/id"
		}
	}
	return o, nil
}

func nameTemplate(b *binding.Binding, properties ...string) (*expr.Template, error) {
	text := firstText(b, properties...)
	if text == "" {
		return nil, fault.New(fault.Invalid, "binding "+b.Name, "needs %s", properties[0])
	}
	return expr.Parse(text)
}

func firstText(b *binding.Binding, properties ...string) string {
	for _, p := range properties {
		if s := b.Text(p); s != "" {
			return s
		}
	}
	return ""
}

func (o *documentOutput) name() string { return o.binding.Name }

// write stores the value's documents and returns how many.
func (o *documentOutput) write(ctx context.Context, v *funcrpc.TypedData, values expr.Values) (written, error) {
	docs, err := binding.Documents(v)
	if err != nil || len(docs) == 0 {
		return written{}, err
	}
	database, err := o.database.Expand(values)
	if err != nil {
		return written{}, err
	}
	container, err := o.container.Expand(values)
	if err != nil {
		return written{}, err
	}
	sink, err := o.sinks.open(ctx, o.conn, database, container, o.createWithKey)
	if err != nil {
		return written{}, err
	}
	if err := sink.Upsert(ctx, docs); err != nil {
		o.sinks.forget(o.conn.Setting, database, container)
		return written{}, err
	}
	return written{documents: len(docs)}, nil
}

// sinks opens containers once for all outputs.
type sinks struct {
	settings  *settings.Settings
	connector trigger.Connector

	mu     sync.Mutex
	byName map[sinkKey]trigger.DocumentSink // guarded by mu
}

type sinkKey struct{ setting, database, container string }

func newSinks(s *settings.Settings, c trigger.Connector) *sinks {
	return &sinks{settings: s, connector: c, byName: map[sinkKey]trigger.DocumentSink{}}
}

func (s *sinks) open(ctx context.Context, conn settings.Connection, database, container, createWithKey string) (trigger.DocumentSink, error) {
	key := sinkKey{conn.Setting, database, container}
	s.mu.Lock()
	sink, ok := s.byName[key]
	s.mu.Unlock()
	if ok {
		return sink, nil
	}
	sink, err := s.connector.Documents(ctx, conn, database, container, createWithKey)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	s.byName[key] = sink
	s.mu.Unlock()
	return sink, nil
}

// forget drops a sink after an error: its container may have been replaced.
func (s *sinks) forget(setting, database, container string) {
	s.mu.Lock()
	delete(s.byName, sinkKey{setting, database, container})
	s.mu.Unlock()
}
