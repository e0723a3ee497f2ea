package eventhubs

import (
	"context"

	"github.com/lazuli-dev/lazuli/internal/amqp"
	"github.com/lazuli-dev/lazuli/internal/fault"
)

// putToken answers a request to $cbs: the token in the body becomes a claim of
// the connection on the resource in the property "name".
//
//	operation  put-token
//	type       servicebus.windows.net:sastoken, or jwt
//	name       the audience: its path, and its host where that is of another
//	           namespace than the connection's, which the claim is then in
//
// The property "expiration" differs from client to client (a string, a
// timestamp, nothing) and is ignored: the token itself says when it ends.
// Success is 202 with an empty value.
func (c *conn) putToken(ctx context.Context, req request) reply {
	audience := req.property("name")
	there, err := c.at(hostOf(audience, true))
	if err == nil {
		c = there
		err = c.take(ctx, req, audience)
	}
	if err != nil {
		r := c.refusal(err)
		if r.status == 401 || r.status == 403 {
			r = refuse(r.status, condAuthFailed, "%s", r.text)
			c.event(AuthFailed{Namespace: c.svc.account(), Remote: c.remote, Resource: clip(audience), Reason: r.text})
		}
		return reply{err: r}
	}
	c.reschedule()
	return reply{status: 202, text: "Accepted"}
}

func (c *conn) take(ctx context.Context, req request, audience string) error {
	g, err := c.checkToken(ctx, req, audience)
	if err != nil {
		return err
	}
	return c.hold(g)
}

// hold makes the grant a claim of the connection. A rule that changed since the
// token was verified is seen here, and one that changes from here on by watch.
func (c *conn) hold(g grant) error {
	if err := c.claims.put(g); err != nil {
		return err
	}
	if err := c.claims.judgeOne(g.scope, c.svc.keys()); err != nil {
		return fault.Wrap(fault.Unauthorized, "", err, "InvalidSignature: The token has an invalid signature")
	}
	c.home.proven.Store(true)
	return nil
}

// checkToken verifies the token and that the hub it was put for exists. The
// order keeps strangers from learning which hubs there are; a bearer is one
// until it attaches a link, so it is not told.
func (c *conn) checkToken(ctx context.Context, req request, audience string) (grant, error) {
	if op := req.property("operation"); op != "put-token" {
		return grant{}, fault.New(fault.Invalid, "", "The operation '%s' is not supported by $cbs; use put-token.", clip(op))
	}
	if audience == "" || len(audience) > maxAddressBytes {
		return grant{}, fault.New(fault.Invalid, "", "The property 'name' must hold the token's audience.")
	}
	token, ok := tokenOf(req.msg)
	if !ok {
		return grant{}, fault.New(fault.Unauthorized, "", "InvalidToken: The message body must be the token, as a string.")
	}
	tokenType := req.property("type")
	if tokenType == "" {
		return grant{}, fault.New(fault.Invalid, "", "The property 'type' must hold the token's type.")
	}
	g, err := c.svc.verifyToken(ctx, tokenType, token, audience)
	if err == nil {
		err = c.mustBeFor(audience, token)
	}
	if err != nil {
		return grant{}, err
	}
	if hub := hubOfPath(g.scope); g.may == nil && hub != "" && hub[0] != '$' {
		if _, err := c.svc.hub(hub, c.uri(hub)); err != nil {
			return grant{}, err
		}
	}
	return g, nil
}

// tokenOf returns the token in a message's body: a string value, or bytes.
func tokenOf(m *amqp.Message) (string, bool) {
	switch v := m.Value.(type) {
	case string:
		return v, true
	case []byte:
		return string(v), true
	}
	if !m.HasValue && len(m.Data) == 1 {
		return string(m.Data[0]), true
	}
	return "", false
}
