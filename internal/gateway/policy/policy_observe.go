package policy

import (
	"context"
	"encoding/base64"
	"net/http"
	"strings"
	"unicode/utf8"
)

// basic is authentication-basic.
type basic struct{ user, password *value }

func compileBasic(r *args) action { return &basic{r.required("username"), r.required("password")} }

func (b *basic) run(x *Exchange) error { return b.apply(x, x.Request.Header) }

func (b *basic) apply(x *Exchange, h http.Header) error {
	user, err := b.user.text(x)
	if err != nil {
		return err
	}
	password, err := b.password.text(x)
	if err == nil {
		h.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(user+":"+password)))
	}
	return err
}

// managedIdentity is authentication-managed-identity.
type managedIdentity struct {
	resource, client *value
	variable         string
	ignore           bool
}

func compileManagedIdentity(r *args) action {
	return &managedIdentity{r.required("resource"), r.or("client-id", ""), r.literal("output-token-variable-name", ""), r.flag("ignore-error", false)}
}

func (m *managedIdentity) run(x *Exchange) error { return m.apply(x, x.Request.Header) }

func (m *managedIdentity) apply(x *Exchange, h http.Header) error {
	resource, err := m.resource.text(x)
	if err != nil {
		return err
	}
	client, err := m.client.text(x)
	if err != nil {
		return err
	}
	if x.World.Token == nil {
		return broken("authentication-managed-identity", "ManagedIdentityTokenError", "the service has no managed identity")
	}
	token, err := x.World.Token(x.Context, client, resource)
	switch {
	case err != nil && m.ignore:
		return nil
	case err != nil:
		return broken("authentication-managed-identity", "ManagedIdentityTokenError", err.Error())
	case m.variable != "":
		x.Variables.Set(m.variable, token)
		return nil
	}
	h.Set("Authorization", "Bearer "+token)
	return nil
}

// logging is log-to-eventhub.
type logging struct {
	logger         string
	partition, key *value
	text           *value
}

func compileLog(r *args) action {
	l := &logging{logger: r.requiredLiteral("logger-id"), partition: r.or("partition-id", ""), key: r.or("partition-key", ""), text: r.textValue()}
	if r.err == nil && r.c.names.Logger != nil && !r.c.names.Logger(l.logger) {
		r.fail(r.place("logger-id"), "Logger with id '%s' could not be found.", l.logger)
	}
	return l
}

// maxLogged is where texts for a hub are cut.
const maxLogged = 200 << 10

func (l *logging) run(x *Exchange) error {
	text, err := l.text.text(x)
	if err != nil {
		return err
	}
	partition, err := l.partition.text(x)
	if err != nil {
		return err
	}
	key, err := l.key.text(x)
	if err != nil || x.World.Log == nil {
		return err
	}
	if len(text) > maxLogged {
		n := maxLogged
		for !utf8.RuneStart(text[n]) {
			n--
		}
		text = text[:n]
	}
	log := x.World.Log
	x.World.Background(func(ctx context.Context) { _ = log(ctx, l.logger, partition, key, text) }) // the logger tells of errors
	return nil
}

// tracing is trace.
type tracing struct {
	source, severity string
	message          *value
	metadata         [][2]*value
}

func compileTrace(r *args) action {
	t := &tracing{source: r.requiredLiteral("source"), severity: r.oneOf("severity", "verbose", "information", "error")}
	if e := r.child("message"); e != nil {
		r.sub(e, func(in *args) { t.message = in.textValue() })
	} else if strings.TrimSpace(r.e.Text) != "" {
		t.message = r.textValue()
	} else {
		r.fail(r.e.Pos, "<message> is missing")
	}
	for _, e := range r.children("metadata") {
		r.sub(e, func(in *args) { t.metadata = append(t.metadata, [2]*value{in.required("name"), in.required("value")}) })
	}
	return t
}

func (t *tracing) run(x *Exchange) error {
	message, err := t.message.text(x)
	if err != nil {
		return err
	}
	metadata := map[string]string{}
	for _, m := range t.metadata {
		pair, err := textsOf(x, m[:])
		if err != nil {
			return err
		}
		metadata[pair[0]] = pair[1]
	}
	x.Trace.Add(x, x.section.String(), t.source, map[string]any{"severity": t.severity, "message": message, "metadata": metadata})
	if x.World.Traced != nil {
		x.World.Traced(x, t.source, t.severity, message, metadata)
	}
	return nil
}

// metric is emit-metric.
type metric struct {
	name, namespace, value *value
	dimensions             []dimension
}

type dimension struct {
	name  string
	value *value // nil: one that the gateway knows
}

const maxDimensions = 10

func compileMetric(r *args) action {
	m := &metric{name: r.required("name"), namespace: r.or("namespace", "API Management"), value: r.or("value", "1")}
	for _, e := range r.children("dimension") {
		r.sub(e, func(in *args) {
			d := dimension{in.requiredLiteral("name"), in.value("value")}
			if _, known := defaultDimension(nil, d.name); d.value == nil && !known {
				in.fail(e.Pos, "the dimension '%s' needs a value", d.name)
			}
			m.dimensions = append(m.dimensions, d)
		})
	}
	if len(m.dimensions) == 0 || len(m.dimensions) > maxDimensions {
		r.fail(r.e.Pos, "1 to %d <dimension> belong into it", maxDimensions)
	}
	return m
}

func defaultDimension(x *Exchange, name string) (string, bool) {
	switch name {
	case "API ID", "Operation ID", "Product ID", "User ID", "Subscription ID", "Location", "Gateway ID":
	default:
		return "", false
	}
	if x == nil {
		return "", true
	}
	switch name {
	case "API ID":
		return x.About.API.ID, true
	case "Operation ID":
		return x.About.Operation.ID, true
	case "Location":
		return x.About.Region, true
	case "Gateway ID":
		return "managed", true
	case "Product ID":
		if x.About.Product != nil {
			return x.About.Product.ID, true
		}
	case "Subscription ID":
		if x.About.Subscription != nil {
			return x.About.Subscription.ID, true
		}
	}
	return "", true
}

func (m *metric) run(x *Exchange) error {
	head, err := textsOf(x, []*value{m.name, m.namespace})
	if err != nil {
		return err
	}
	v, err := m.value.real(x)
	if err != nil {
		return err
	}
	dimensions := map[string]string{}
	for _, d := range m.dimensions {
		if d.value == nil {
			dimensions[d.name], _ = defaultDimension(x, d.name)
			continue
		}
		if dimensions[d.name], err = d.value.text(x); err != nil {
			return err
		}
	}
	x.Trace.Add(x, x.section.String(), "emit-metric", map[string]any{"name": head[0], "namespace": head[1], "value": v, "dimensions": dimensions})
	if x.World.Metric != nil {
		x.World.Metric(x, head[0], head[1], v, dimensions)
	}
	return nil
}
