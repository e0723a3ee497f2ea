// Package queues is the portal's page of storage queues: the list, with those where
// poison messages end up beside their sources, the messages of a queue as they are,
// and the ways to put, move and delete messages and to make and change queues.
//
// A queue's id is ACCOUNT/QUEUE: of its row, behind "queue:" of its topic, and in its
// addresses, /api/storage/ACCOUNT/queues/QUEUE/….
package queues

import (
	"context"
	"net/http"
	"strings"
	"sync"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/portal"
	"github.com/lazuli-dev/lazuli/internal/queue"
	"github.com/lazuli-dev/lazuli/internal/resource"
)

// Config is what the page shows. All fields are required.
type Config struct {
	Store    *queue.Store
	Accounts func() []resource.Account
	Tasks    *portal.Tasks // carries out what takes long
	Changes  Changes
	Asked    func(account resource.Account, queue string) portal.Asked
}

// Changes make and delete queues. Each is durable when it returns.
type Changes struct {
	Create func(ctx context.Context, id resource.ID, metadata []queue.Pair) error // fault.Conflict when there is one
	Remove func(ctx context.Context, id resource.ID) error
	// Declared reports whether the project file names the queue: it is there again
	// after the next start.
	Declared func(id resource.ID) bool
}

type page struct {
	Config

	mu     sync.Mutex // guards moving
	moving map[string]bool
}

// Pages returns the page.
func Pages(c Config) []portal.Page {
	p := &page{Config: c, moving: map[string]bool{}}
	return []portal.Page{{
		Kind: "queues", Item: "queue", Rows: p.rows, Detail: p.detail, Count: p.count, Troubles: p.troubles, Routes: p.routes(),
	}}
}

func (p *page) routes() []portal.Route {
	const of = "/api/storage/{account}/queues/{queue}"
	return []portal.Route{
		{Pattern: "POST /api/storage/{account}/queues", Serve: p.createQueue},
		{Pattern: "DELETE " + of, Serve: p.deleteQueue},
		{Pattern: "PUT " + of + "/metadata", Serve: p.setMetadata},
		{Pattern: "GET " + of + "/messages", Serve: p.listMessages},
		{Pattern: "POST " + of + "/messages", Serve: p.putMessage},
		{Pattern: "DELETE " + of + "/messages", Serve: p.clearMessages},
		{Pattern: "GET " + of + "/messages/{id}", Serve: p.getMessage},
		{Pattern: "DELETE " + of + "/messages/{id}", Serve: p.deleteMessage},
		{Pattern: "POST " + of + "/move", Serve: p.moveMessages},
	}
}

// target is a queue of an account.
type target struct {
	account resource.Account
	queue   *queue.Queue
}

func (t target) id() resource.ID {
	return resource.ID{Account: t.account, Type: resource.Queues, Name: t.queue.Name()}
}

func (p *page) account(name string) (resource.Account, error) {
	for _, a := range p.Accounts() {
		if strings.EqualFold(a.Name, name) {
			return a, nil
		}
	}
	return resource.Account{}, fault.New(fault.NotFound, "storage account "+name, "there is none")
}

func (p *page) find(account, name string) (target, error) {
	a, err := p.account(account)
	if err != nil {
		return target{}, err
	}
	q, err := p.Store.Account(a.ID).Queue(name)
	return target{a, q}, err
}

// target is the queue in the address.
func (p *page) target(r *http.Request) (target, error) {
	return p.find(r.PathValue("account"), r.PathValue("queue"))
}

// poisonSuffix ends the name of the queue where the functions host, as Azure's does,
// puts messages that a function failed on too often.
const poisonSuffix = "-poison"

// sourceOf is the queue that poison messages of the queue come from; "" for others.
func sourceOf(name string) string {
	source, poison := strings.CutSuffix(name, poisonSuffix)
	if !poison {
		return ""
	}
	return source
}
