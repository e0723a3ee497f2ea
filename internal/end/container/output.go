package container

import (
	"context"

	"github.com/lazuli-dev/lazuli/functions/funcrpc"
	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/host/binding"
	"github.com/lazuli-dev/lazuli/internal/host/expr"
	"github.com/lazuli-dev/lazuli/internal/host/output"
	"github.com/lazuli-dev/lazuli/internal/host/settings"
	"github.com/lazuli-dev/lazuli/internal/host/trigger"
)

// documentOutput is a cosmosDB output binding: one document or an array of
// them, upserted together.
//
// Supported properties: databaseName, containerName (or collectionName),
// connection (or connectionStringSetting), createIfNotExists, partitionKey. One more,
// which Azure ignores: createOnly leaves documents alone that are there already.
// Names may have {placeholders}. The throughput of a created container is not
// ours to set and is ignored, with a word at the start.
type documentOutput struct {
	where
	createWithKey string
	createOnly    bool
	containers    Service
	opened        *output.Opened[sinkKey, Sink]
}

// where is the container that a binding names.
type where struct {
	conn                settings.Connection
	text                string // database/container as declared
	database, container *expr.Template
}

// whereOf reads what inputs and outputs have in common.
func whereOf(b *binding.Binding, set *settings.Settings) (w where, err error) {
	if w.database, err = output.NameTemplate(b, "databaseName"); err != nil {
		return w, err
	}
	if w.container, err = output.NameTemplate(b, "containerName", "collectionName"); err != nil {
		return w, err
	}
	w.text = b.Text("databaseName") + "/" + output.FirstText(b, "containerName", "collectionName")
	w.conn, err = set.Connection(settings.CosmosDB, output.FirstText(b, "connection", "connectionStringSetting"))
	b.Ignored("preferredLocations", oneRegion)
	return w, err
}

// oneRegion is why regions that are preferred change nothing.
const oneRegion = "an account here has one region"

// Place is database/container, named as declared.
func (w where) Place() trigger.Place { return trigger.Place{Host: hostOf(w.conn), Target: w.text} }

// expand fills in what the names have of the invocation.
func (w where) expand(values expr.Values) (sinkKey, error) {
	database, err := w.database.Expand(values)
	if err != nil {
		return sinkKey{}, err
	}
	container, err := w.container.Expand(values)
	return sinkKey{hostOf(w.conn), w.conn.Setting, database, container}, err
}

// sinkKey tells sinks apart: two apps may have settings of one name that lead to
// different accounts.
type sinkKey struct{ host, setting, database, container string }

func newOutput(s output.Setup, containers Service, opened *output.Opened[sinkKey, Sink]) (*documentOutput, error) {
	b := s.Binding
	o := &documentOutput{containers: containers, opened: opened}
	var err error
	if o.where, err = whereOf(b, s.Settings); err != nil {
		return nil, err
	}
	create, err := b.Bool("createIfNotExists")
	if err != nil {
		return nil, err
	}
	if o.createOnly, err = b.Bool("createOnly"); err != nil {
		return nil, err
	}
	key := b.Text("partitionKey")
	if create {
		o.createWithKey = first(key, "/id")
	}
	b.Ignored("containerThroughput", noThroughput)
	b.Ignored("collectionThroughput", noThroughput)
	b.Ignored("useMultipleWriteLocations", oneRegion)
	return o, nil
}

// noThroughput is why request units change nothing.
const noThroughput = "containers here are made without request units"

// Write stores the value's documents.
func (o *documentOutput) Write(ctx context.Context, v *funcrpc.TypedData, values expr.Values) (output.Written, error) {
	docs, err := binding.Documents(v)
	if err != nil || len(docs) == 0 {
		return output.Written{}, err
	}
	at, err := o.expand(values)
	if err != nil {
		return output.Written{}, err
	}
	open := func(ctx context.Context) (Sink, error) {
		return o.containers.Sink(ctx, o.conn, at.database, at.container, o.createWithKey)
	}
	if err := o.opened.Use(ctx, at, open, func(s Sink) error { return o.store(ctx, s, docs) }); err != nil {
		return output.Written{}, err
	}
	return output.Written{Documents: len(docs)}, nil
}

func (o *documentOutput) store(ctx context.Context, s Sink, docs [][]byte) error {
	if !o.createOnly {
		return s.Upsert(ctx, docs)
	}
	c, ok := s.(Creator)
	if !ok {
		return fault.New(fault.Invalid, "output", "createOnly is for accounts of this process; %s is elsewhere", hostOf(o.conn))
	}
	return c.Create(ctx, docs)
}
