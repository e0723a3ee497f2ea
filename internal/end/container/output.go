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
// ours to set and is ignored.
type documentOutput struct {
	conn                settings.Connection
	text                string // database/container as declared
	database, container *expr.Template
	createWithKey       string
	createOnly          bool
	containers          Service
	opened              *output.Opened[sinkKey, Sink]
}

// sinkKey tells sinks apart: two apps may have settings of one name that lead to
// different accounts.
type sinkKey struct{ host, setting, database, container string }

func newOutput(s output.Setup, containers Service, opened *output.Opened[sinkKey, Sink]) (*documentOutput, error) {
	b := s.Binding
	o := &documentOutput{containers: containers, opened: opened}
	var err error
	if o.database, err = output.NameTemplate(b, "databaseName"); err != nil {
		return nil, err
	}
	if o.container, err = output.NameTemplate(b, "containerName", "collectionName"); err != nil {
		return nil, err
	}
	o.text = b.Text("databaseName") + "/" + output.FirstText(b, "containerName", "collectionName")
	if o.conn, err = s.Settings.Connection(settings.CosmosDB, output.FirstText(b, "connection", "connectionStringSetting")); err != nil {
		return nil, err
	}
	create, err := b.Bool("createIfNotExists")
	if err != nil {
		return nil, err
	}
	if o.createOnly, err = b.Bool("createOnly"); err != nil {
		return nil, err
	}
	if create {
		o.createWithKey = first(b.Text("partitionKey"), "/id")
	}
	return o, nil
}

// Place is database/container, named as declared.
func (o *documentOutput) Place() trigger.Place {
	return trigger.Place{Host: hostOf(o.conn), Target: o.text}
}

// Write stores the value's documents.
func (o *documentOutput) Write(ctx context.Context, v *funcrpc.TypedData, values expr.Values) (output.Written, error) {
	docs, err := binding.Documents(v)
	if err != nil || len(docs) == 0 {
		return output.Written{}, err
	}
	database, err := o.database.Expand(values)
	if err != nil {
		return output.Written{}, err
	}
	container, err := o.container.Expand(values)
	if err != nil {
		return output.Written{}, err
	}
	open := func(ctx context.Context) (Sink, error) {
		return o.containers.Sink(ctx, o.conn, database, container, o.createWithKey)
	}
	err = o.opened.Use(ctx, sinkKey{hostOf(o.conn), o.conn.Setting, database, container}, open, func(s Sink) error { return o.store(ctx, s, docs) })
	if err != nil {
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
