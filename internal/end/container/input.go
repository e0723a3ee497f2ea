package container

import (
	"context"
	"regexp"
	"strconv"
	"strings"

	"github.com/lazuli-dev/lazuli/functions/funcrpc"
	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/host/binding"
	"github.com/lazuli-dev/lazuli/internal/host/expr"
	"github.com/lazuli-dev/lazuli/internal/host/input"
	"github.com/lazuli-dev/lazuli/internal/host/output"
	"github.com/lazuli-dev/lazuli/internal/host/trigger"
)

// documentInput is a cosmosDB input binding: with an id one document as a JSON
// object, or nothing where there is none; else a JSON array of what a query
// finds, of all documents where no query is given.
//
// Supported properties: databaseName, containerName (or collectionName),
// connection (or connectionStringSetting), id, partitionKey, sqlQuery, dataType
// string. All texts may have {placeholders}; in a query each becomes a parameter,
// and is never text of the query. As in Azure's host every parameter and every
// partition key is a text: a query that wants a number says StringToNumber({n}),
// and an id without a partitionKey is that of a document that has no value for
// the container's key.
type documentInput struct {
	where
	id, key, query *expr.Template // nil: not given
	asText         bool
	containers     Service
	opened         *output.Opened[sinkKey, Reader]
}

func newInput(s input.Setup, containers Service, opened *output.Opened[sinkKey, Reader]) (*documentInput, error) {
	b := s.Binding
	i := &documentInput{containers: containers, opened: opened, asText: b.DataType == binding.String}
	if i.asText {
		b.Heeds("dataType")
	}
	var err error
	if i.where, err = whereOf(b, s.Settings); err != nil {
		return nil, err
	}
	for property, t := range map[string]**expr.Template{"id": &i.id, "partitionKey": &i.key, "sqlQuery": &i.query} {
		text := b.Text(property)
		if text == "" {
			continue
		}
		if *t, err = expr.Parse(text); err != nil {
			return nil, fault.Wrap(fault.Invalid, "binding "+b.Name, err, "%s", property)
		}
	}
	if i.id != nil && i.query != nil {
		return nil, fault.New(fault.Invalid, "binding "+b.Name, "has both id and sqlQuery: give one of them")
	}
	if i.query != nil {
		if name, quoted := quotedName(i.query); quoted {
			return nil, fault.New(fault.Invalid, "binding "+b.Name, "sqlQuery has {%s} inside quotes, where it is text and no value: leave the quotes out", name)
		}
	}
	return i, nil
}

// Read implements input.Input.
func (i *documentInput) Read(ctx context.Context, values expr.Values) (*funcrpc.TypedData, error) {
	at, err := i.expand(values)
	if err != nil {
		return nil, err
	}
	ask, err := i.question(values)
	if err != nil {
		return nil, err
	}
	open := func(ctx context.Context) (Reader, error) {
		return i.containers.Reader(ctx, i.conn, at.database, at.container)
	}
	answer := ""
	err = i.opened.Use(ctx, at, open, func(r Reader) (err error) {
		answer, err = ask(ctx, r)
		return err
	})
	switch {
	case err != nil:
		return nil, err
	case answer == "":
		return &funcrpc.TypedData{}, nil
	case i.asText:
		return trigger.Text(answer), nil
	}
	return trigger.JSON(answer), nil
}

// question is what an invocation asks a container, with the answer as JSON; "" is
// that there is no such document.
func (i *documentInput) question(values expr.Values) (func(context.Context, Reader) (string, error), error) {
	var key *string
	if i.key != nil {
		text, err := i.key.Expand(values)
		if err != nil {
			return nil, err
		}
		key = &text
	}
	if i.id != nil {
		id, err := i.id.Expand(values)
		return func(ctx context.Context, r Reader) (string, error) {
			doc, err := r.Read(ctx, id, key)
			return string(doc), err
		}, err
	}
	q, err := i.ask(values)
	q.Key = key
	return func(ctx context.Context, r Reader) (string, error) {
		rows, err := r.Query(ctx, q)
		return joinDocuments(rows), err
	}, err
}

// parameterName is what a parameter may be called.
var parameterName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// ask is the query with a parameter for each placeholder.
func (i *documentInput) ask(values expr.Values) (Query, error) {
	if i.query == nil {
		return Query{Text: "SELECT * FROM c"}, nil
	}
	var q Query
	names := map[string]string{} // of placeholders to those of parameters
	text, err := i.query.ExpandInto(values, func(_, name, value string) (string, error) {
		if _, known := names[name]; !known {
			names[name] = "@" + name
			if !parameterName.MatchString(name) {
				names[name] = "@value_" + strconv.Itoa(len(names))
			}
			q.Parameters = append(q.Parameters, Parameter{names[name], value})
		}
		return names[name], nil
	})
	q.Text = text
	return q, err
}

// quotedName finds a placeholder that stands inside a text of the query.
func quotedName(query *expr.Template) (name string, found bool) {
	_, _ = query.ExpandInto(expr.Values{Lookup: func(string) (string, bool) { return "", true }}, func(before, at, _ string) (string, error) {
		if !found && (strings.Count(before, "'")%2 == 1 || strings.Count(before, `"`)%2 == 1) {
			name, found = at, true
		}
		return "", nil
	})
	return name, found
}
