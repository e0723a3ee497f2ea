package door

import (
	"context"
	"net/http"

	"github.com/lazuli-dev/lazuli/internal/amqp"
	"github.com/lazuli-dev/lazuli/internal/resource"
	"github.com/lazuli-dev/lazuli/internal/restriction"
)

// Route says who answers for the accounts of one resource type. A service
// gives one; fields of protocols that it does not speak are nil. The functions
// are called for every request or connection and must be cheap.
type Route struct {
	Type string // Microsoft.EventHub/namespaces

	HTTP func(resource.Account) http.Handler

	// InPath returns the account that the path of a request names, for services whose
	// clients write it there when they call this machine by a name of its own; a is
	// the port's. nil: a is the one.
	InPath func(a resource.Account, r *http.Request) resource.Account

	// Certificates reports whether a client of the account is asked for a certificate when
	// its TLS connection begins. Any is taken, and the handler judges it. nil: nobody is.
	Certificates func(resource.Account) bool

	// Restrict returns who may come in at all; nil: everybody. path is that of an
	// HTTP request. Denied is the error in the service's words for who may not.
	Restrict func(a resource.Account, path string) restriction.Rules
	Denied   func(a resource.Account, v restriction.Visit) error
	// Changed is closed at the next change of what Restrict says: AMQP connections
	// that may not come in any more end then, with the error of Denied. Requests are
	// judged one by one. nil: it never changes.
	Changed func() <-chan struct{}

	// AMQP makes the handler of a connection that asked for the account, and finds
	// others by way. It is called on the connection's reader and must not block.
	AMQP func(a resource.Account, c *amqp.Conn, way Way) amqp.ConnHandler
	// SASL checks a connection's first words; nil lets everybody in, for
	// services that ask for a token later. What it returns is Conn.Identity,
	// and is good for this account only.
	SASL func(context.Context, resource.Account, amqp.SASLInit) (identity any, err error)
}

// Way finds the account that a host name means within a connection, as an address
// of a link does: the connection's own for names of this machine and such as mean
// nothing. It is fault.NotFound when there is no account of the name that speaks
// the protocol, and the error of Route.Denied when the connection may not reach it
// from where it comes.
type Way func(host string) (resource.Account, error)

// OriginAllower is an HTTP handler that lets pages of some other origins
// change things: its user said so, in a CORS rule. All other handlers let in
// none.
type OriginAllower interface {
	AllowsOrigin(r *http.Request) bool
}

// Refuser is an HTTP handler that has a shape of its own for errors. The error
// is a *fault.Error; other handlers answer {"error": TEXT}.
type Refuser interface {
	Refuse(w http.ResponseWriter, r *http.Request, err error)
}
