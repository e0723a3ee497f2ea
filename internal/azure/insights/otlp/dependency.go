package otlp

import (
	"net/url"

	trace "go.opentelemetry.io/proto/otlp/trace/v1"

	"github.com/lazuli-dev/lazuli/internal/telemetry/item"
)

// sqlFamily are the databases whose type is SQL.
var sqlFamily = map[string]bool{
	"db2": true, "derby": true, "mariadb": true, "mssql": true, "ibm.db2": true, "oracle": true, "oracle.db": true, "sqlite": true, "other_sql": true,
	"hsqldb": true, "h2": true, "microsoft.sql_server": true,
}

// dependencyOf is what was called.
func dependencyOf(span *trace.Span, a attributes, failed bool) *item.Dependency {
	d := &item.Dependency{ID: id(span.GetSpanId(), 8), Name: cut(span.GetName(), mediumText)}
	d.ResultCode, d.Success = result(a, !failed)
	space := a.get("az.namespace")
	switch kind := span.GetKind(); {
	case kind == trace.Span_SPAN_KIND_INTERNAL || kind == trace.Span_SPAN_KIND_UNSPECIFIED:
		d.Kind = named("InProc", space)
	case kind == trace.Span_SPAN_KIND_PRODUCER:
		if space == "" {
			space = a.get("messaging.system")
		}
		d.Kind, d.Target = named("Queue Message", space), place(a)
	case a.get("http.request.method", "http.method") != "":
		d.Kind, d.Data = "HTTP", urlOf(a)
		if u, err := url.Parse(d.Data); err == nil && u.Host != "" {
			d.Target = withPort(u.Hostname(), u.Port(), u.Scheme)
		} else {
			d.Target = host(a, "http")
		}
		if method, path := a.get("http.request.method", "http.method"), pathOf(a); path != "" && (d.Name == method || d.Name == "HTTP "+method) {
			d.Name = cut(method+" "+path, mediumText) // the span has the method alone for its name
		}
	case a.get("db.system.name", "db.system") != "":
		d.Kind, d.Data = a.get("db.system.name", "db.system"), a.get("db.query.text", "db.statement", "db.operation.name", "db.operation")
		if sqlFamily[d.Kind] {
			d.Kind = "SQL"
		}
		d.Target = joined(host(a, ""), a.get("db.namespace", "db.name"))
	case a.get("rpc.system") != "":
		d.Kind, d.Target = a.get("rpc.system"), host(a, "")
		if d.Target == "" {
			d.Target = a.get("rpc.service")
		}
	case a.get("gen_ai.provider.name", "gen_ai.system") != "":
		d.Kind, d.Target = named("GenAI", a.get("gen_ai.provider.name", "gen_ai.system")), host(a, "")
	case a.get("messaging.system") != "":
		d.Kind, d.Target = named("Queue Message", a.get("messaging.system")), place(a)
	default:
		d.Kind, d.Target = "N/A", host(a, "")
	}
	if span.GetKind() == trace.Span_SPAN_KIND_CLIENT && space != "" {
		d.Kind = space // it wins over what carries it
		if at := place(a); at != "" {
			d.Target = at
		}
	}
	d.Kind, d.Target, d.Data = cut(d.Kind, mediumText), cut(d.Target, mediumText), cut(d.Data, dataText)
	return d
}

// named is a kind, and of whose.
func named(kind, whose string) string {
	if whose == "" {
		return kind
	}
	return kind + " | " + whose
}

// joined is a host and what is there.
func joined(host, name string) string {
	if host == "" || name == "" {
		return host + name
	}
	return host + "|" + name
}

// host is whom was called, with its port unless that is its scheme's.
func host(a attributes, scheme string) string {
	at := a.get("server.address", "net.peer.name", "peer.service", "net.peer.ip", "network.peer.address")
	if at == "" {
		return ""
	}
	return withPort(at, a.get("server.port", "net.peer.port"), scheme)
}
