// Package connect is the portal's page Connect: for each thing the endpoint, the
// connection string and code that works, in each language, without the key; the
// key on request, which is logged; and a round trip that shows that it is reached.
package connect

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/lazuli-dev/lazuli/internal/connect"
	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/portal"
)

// Config is what the page asks.
type Config struct {
	// Facts are those of this instance. They are asked for at each request: the
	// ports are known once all are open.
	Facts func(connect.Choice) (connect.Facts, error)
	// Find finds a thing by its kind (hub, container, blobs, queue, table, function, gateway, manager or portal) and its id
	// in the list of its kind, and the key that opens it; fault.NotFound where there
	// is no such thing.
	Find func(kind, id string) (connect.Thing, string, error)
	Log  *slog.Logger
}

type page struct{ Config }

const (
	maxBody   = 8 << 10
	testLimit = 10 * time.Second
)

// Pages returns the page. It is no list.
func Pages(c Config) []portal.Page {
	p := page{c}
	return []portal.Page{{Routes: []portal.Route{
		{Pattern: "GET /api/connect", Serve: p.get},
		{Pattern: "POST /api/connect/reveal", Serve: p.reveal},
		{Pattern: "POST /api/connect/test", Serve: p.test},
	}}}
}

// About is the answer to GET /api/connect?kind=&id=.
type About struct {
	Kind     string            `json:"kind"`
	ID       string            `json:"id"`
	Facts    []Fact            `json:"facts"`
	Snippets []connect.Snippet `json:"snippets"`
}

// Fact is something that is put into a form of another program. Where Keyed is
// true its value holds connect.Secret in place of the key.
type Fact struct {
	Name  string `json:"name"` // a word that the page knows: endpoint, connection, …
	Value string `json:"value"`
	Keyed bool   `json:"keyed,omitempty"`
}

// Ask names a thing, and for a key how it is wanted.
type Ask struct {
	Kind string `json:"kind"`
	ID   string `json:"id"`
	How  string `json:"how,omitempty"` // shown or copied
}

// Revealed is a key.
type Revealed struct {
	Secret string `json:"secret"`
}

// Tested is the outcome of a round trip.
type Tested struct {
	OK     bool    `json:"ok"`
	Ms     float64 `json:"ms"`
	Target string  `json:"target"` // where it went
	Count  int     `json:"count"`  // partitions of a hub; status of an answer
	Error  string  `json:"error,omitempty"`
}

func (p page) get(w http.ResponseWriter, r *http.Request) error {
	kind, id := r.URL.Query().Get("kind"), r.URL.Query().Get("id")
	thing, _, err := p.Find(kind, id)
	if err != nil {
		return err
	}
	f, err := p.Facts(thing.In)
	if err != nil {
		return err
	}
	snippets, err := f.Snippets(thing)
	if err != nil {
		return err
	}
	portal.WriteJSON(w, http.StatusOK, About{Kind: kind, ID: id, Facts: facts(f, thing), Snippets: snippets})
	return nil
}

// facts are what a thing's clients are told, the most wanted first.
func facts(f connect.Facts, t connect.Thing) []Fact {
	switch t.Kind {
	case "hub":
		out := []Fact{{Name: "connection", Value: f.EventHubsConnection(), Keyed: true}, {Name: "hub", Value: t.Hub}}
		if f.Namespace == "" { // by a name of its own a namespace is reached over TLS
			out = append(out, Fact{Name: "amqp", Value: f.EventHubsHost})
		}
		return append(out, []Fact{
			{Name: "amqps", Value: f.EventHubsTLS},
			{Name: "rule", Value: f.EventHubsRule},
			{Name: "key", Value: connect.Secret, Keyed: true},
			{Name: "ca", Value: f.CAFile},
		}...)
	case "container":
		return []Fact{
			{Name: "connection", Value: f.CosmosConnection(), Keyed: true},
			{Name: "endpoint", Value: f.CosmosEndpoint},
			{Name: "database", Value: t.Database},
			{Name: "container", Value: t.Container},
			{Name: "key", Value: connect.Secret, Keyed: true},
			{Name: "ca", Value: f.CAFile},
		}
	case "blobs", "queue", "table":
		at := map[string]string{"blobs": f.BlobEndpoint, "queue": f.QueueEndpoint, "table": f.TableEndpoint}[t.Kind]
		return []Fact{
			{Name: "connection", Value: f.StorageConnection(), Keyed: true},
			{Name: "endpoint", Value: at},
			{Name: "account", Value: f.StorageAccount},
			{Name: t.Kind, Value: t.Container + t.Queue + t.Table},
			{Name: "key", Value: connect.Secret, Keyed: true},
		}
	case "function":
		out := []Fact{{Name: "url", Value: t.URL}, {Name: "method", Value: t.Method}}
		if t.Keyed {
			out = append(out, Fact{Name: "key", Value: connect.Secret, Keyed: true})
		}
		return out
	case "gateway":
		out := []Fact{{Name: "url", Value: t.URL}, {Name: "method", Value: t.Method}}
		if t.Keyed {
			out = append(out, Fact{Name: "header", Value: t.KeyHeader}, Fact{Name: "key", Value: connect.Secret, Keyed: true})
		}
		return out
	case "manager":
		out := []Fact{{Name: "endpoint", Value: f.Manager}}
		for _, v := range f.Manage {
			out = append(out, Fact{Name: v.Name, Value: v.Value})
		}
		return append(out, Fact{Name: "ca", Value: f.CAFile})
	}
	out := []Fact{{Name: "url", Value: f.Portal}, {Name: "project", Value: f.Project}, {Name: "ca", Value: f.CAFile}}
	if f.PortalSignIn {
		out = append(out, Fact{Name: "token", Value: connect.Secret, Keyed: true})
	}
	return out
}

// asked reads what a request is about, and finds it with its key.
func (p page) asked(w http.ResponseWriter, r *http.Request) (ask Ask, thing connect.Thing, secret string, err error) {
	if err = portal.ReadJSON(w, r, maxBody, &ask); err == nil {
		thing, secret, err = p.Find(ask.Kind, ask.ID)
	}
	return ask, thing, secret, err
}

// reveal serves POST /api/connect/reveal: the key, and a line in the log.
func (p page) reveal(w http.ResponseWriter, r *http.Request) error {
	ask, thing, secret, err := p.asked(w, r)
	if err != nil {
		return err
	}
	if secret == "" {
		return fault.New(fault.NotFound, thing.Kind+" "+ask.ID, "it has no key")
	}
	how := "fetched"
	switch ask.How {
	case "shown":
		how = "shown"
	case "copied":
		how = "copied"
	}
	p.Log.Info("a key was given to the portal", "how", how, "kind", ask.Kind, "of", ask.ID, "remote", r.RemoteAddr)
	portal.WriteJSON(w, http.StatusOK, Revealed{secret})
	return nil
}

// test serves POST /api/connect/test: a round trip as a client makes it, through
// the port. That it failed is an answer, no error.
func (p page) test(w http.ResponseWriter, r *http.Request) error {
	_, thing, secret, err := p.asked(w, r)
	if err != nil {
		return err
	}
	f, err := p.Facts(thing.In)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(r.Context(), testLimit)
	defer cancel()
	begin := time.Now()
	out, err := probe(ctx, f, thing, secret)
	out.Ms = float64(time.Since(begin).Microseconds()) / 1000
	if out.OK = err == nil; err != nil {
		out.Error = err.Error()
	}
	portal.WriteJSON(w, http.StatusOK, out)
	return nil
}
