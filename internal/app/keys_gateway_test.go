package app

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/lazuli-dev/lazuli/internal/azure/apim"
	"github.com/lazuli-dev/lazuli/internal/instance"
	"github.com/lazuli-dev/lazuli/internal/resource"
)

const (
	keyGateway = "contoso-apim"
	keyKey     = "0123456789abcdef0123456789abcdef"
)

// replies is a policy that answers with an expression; first stands before it.
func replies(expression, first string) string {
	return "<policies><inbound>" + first + "<return-response><set-body>@(" + expression + ")</set-body></return-response></inbound></policies>"
}

// gatewayKeys are those of gateways, as callers see them.
func gatewayKeys(t *testing.T) map[string]keyCase {
	files := map[string]string{
		"hit.xml":     replies(`"hit"`, ""),
		"api.xml":     replies(`context.Api.Name`, ""),
		"url.xml":     replies(`context.Api.ServiceUrl.Path`, ""),
		"product.xml": replies(`context.Product.Name`, ""),
		"value.xml":   replies(`"{{v}}"`, `<set-variable name="x" value="{{v}}" />`),
		"log.xml":     replies(`"hit"`, `<log-to-eventhub logger-id="l">x</log-to-eventhub>`),
		"include.xml": replies(`"hit"`, `<include-fragment fragment-id="f" />`),
		"f.xml":       `<fragment><set-variable name="y" value="1" /></fragment>`,
		"s.json":      `{"definitions": {"number": {"type": "integer"}}}`,
		"schema.xml":  replies(`"hit"`, `<set-body>{}</set-body><validate-content unspecified-content-type-action="prevent" max-size="100" size-exceeded-action="prevent"><content type="application/json" validate-as="json" action="prevent" schema-id="s" schema-ref="#/definitions/number" /></validate-content>`),
		"to.xml":      `<policies><inbound><set-backend-service backend-id="b" /></inbound><backend><forward-request timeout="20" /></backend></policies>`,
		"base.xml":    `<policies><inbound><base /></inbound><backend /></policies>`,
		"open.yaml":   `{openapi: "3.0.0", info: {title: t, version: "1"}, paths: {/only: {get: {responses: {"200": {description: ok}}}}}}`,
	}
	all := map[string]keyCase{}
	add := func(key, body, want string, probe func(r *rig) string) {
		all["gateway."+key] = keyCase{yaml: "gateway: {" + body + "}", files: files, want: want, probe: probe}
	}
	get := func(path string, headers ...string) func(r *rig) string {
		return func(r *rig) string { return r.gateway(http.MethodGet, path, headers...) }
	}
	key := "Ocp-Apim-Subscription-Key:" + keyKey
	const open = "subscriptionRequired: false"
	add("policy", "policy: hit.xml, apis: {a: {"+open+"}}", "200 hit", get("/x"))
	add("apis.*.title", "apis: {a: {title: Own, policy: api.xml, "+open+"}}", "200 Own", get("/x"))
	add("apis.*.path", "apis: {a: {path: deep, policy: hit.xml, "+open+"}}", notFoundReply, get("/x"))
	add("apis.*.backend", `apis: {a: {backend: "https://h/own", policy: url.xml, `+open+"}}", "200 /own", get("/x"))
	add("apis.*.openapi", "apis: {a: {openapi: open.yaml, policy: hit.xml, "+open+"}}", notFoundReply, get("/other"))
	add("apis.*.policy", "apis: {a: {policy: hit.xml, "+open+"}}", "200 hit", get("/x"))
	add("apis.*.subscriptionRequired", "apis: {a: {policy: hit.xml, "+open+"}}", "200 hit", get("/x"))
	op := func(rest string) string {
		return "apis: {a: {policy: base.xml, " + open + ", operations: {op: {" + rest + "}}}}"
	}
	add("apis.*.operations.*.method", op("method: POST, urlTemplate: /x, policy: hit.xml"), "200 hit", func(r *rig) string { return r.gateway(http.MethodPost, "/x") })
	add("apis.*.operations.*.urlTemplate", op("urlTemplate: /x, policy: hit.xml"), "200 hit", get("/x"))
	add("apis.*.operations.*.policy", op("urlTemplate: /x, policy: hit.xml"), "200 hit", get("/x"))
	two := "apis: {a: {path: a, policy: hit.xml}, b: {path: b, policy: hit.xml}}, products: {p: {apis: [a]}}, subscriptions: {s: {"
	add("products.*.title", "apis: {a: {policy: product.xml}}, products: {p: {title: Own, apis: [a]}}, subscriptions: {s: {product: p, key: "+keyKey+"}}", "200 Own", get("/x", key))
	add("products.*.apis", two+"product: p, key: "+keyKey+"}}", "200 hit", get("/a/x", key))
	add("products.*.policy", "apis: {a: {policy: base.xml}}, products: {p: {policy: hit.xml, apis: [a]}}, subscriptions: {s: {product: p, key: "+keyKey+"}}", "200 hit", get("/x", key))
	add("products.*.subscriptionRequired", "apis: {a: {policy: hit.xml}}, products: {p: {"+open+", apis: [a]}}", "200 hit", get("/x"))
	add("subscriptions.*.api", two+"api: a, key: "+keyKey+"}}", "401", func(r *rig) string { return r.gateway(http.MethodGet, "/b/x", key)[:3] })
	add("subscriptions.*.product", two+"product: p, key: "+keyKey+"}}", "401", func(r *rig) string { return r.gateway(http.MethodGet, "/b/x", key)[:3] })
	add("subscriptions.*.key", two+"key: "+keyKey+"}}", "200 hit", get("/a/x", key))
	add("subscriptions.*.secondaryKey", two+"secondaryKey: "+keyKey+"}}", "200 hit", get("/a/x", key))
	add("subscriptions.*.allowTracing", two+"key: "+keyKey+", allowTracing: true}}", "true", func(r *rig) string {
		return fmt.Sprint(r.gatewayReply(http.MethodGet, "/a/x", key, "Ocp-Apim-Trace:true").Get("Ocp-Apim-Trace-Location") != "")
	})
	value := "namedValues: {v: {value: hush-hush, secret: true}}, apis: {a: {policy: value.xml, " + open + "}}"
	add("namedValues.*.value", value, "200 hush-hush", get("/x"))
	add("namedValues.*.secret", value, "starred", func(r *rig) string {
		where := r.gatewayReply(http.MethodGet, "/x", apim.TraceHeader+":"+r.info.Tokens[instance.Gateway]).Get(apim.TraceHeader)
		if trace := r.gateway(http.MethodGet, where); strings.Contains(trace, "hush-hush") || !strings.Contains(trace, "***") {
			return "shown: " + trace
		}
		return "starred"
	})
	to := ", apis: {a: {policy: to.xml, " + open + "}}"
	add("backends.*.url", `backends: {b: {url: "http://127.0.0.1:PORT/own"}}`+to, "200 /own/x ", (*rig).throughBackend)
	add("backends.*.headers", `backends: {b: {url: "http://127.0.0.1:PORT", headers: {X-Code: own}}}`+to, "200 /x own", (*rig).throughBackend)
	add("backends.*.pool", `backends: {one: {url: "http://127.0.0.1:PORT"}, b: {pool: [one]}}`+to, "200 /x ", (*rig).throughBackend)
	add("loggers.*.hub", "loggers: {l: {hub: h}}, apis: {a: {policy: log.xml, "+open+"}}", "1", func(r *rig) string { return r.logged("default") })
	add("loggers.*.namespace", "loggers: {l: {hub: h, namespace: audits}}, apis: {a: {policy: log.xml, "+open+"}}", "1", func(r *rig) string { return r.logged("audits") })
	add("fragments", "fragments: {f: f.xml}, apis: {a: {policy: include.xml, "+open+"}}", "200 hit", get("/x"))
	add("schemas", "schemas: {s: s.json}, apis: {a: {policy: schema.xml, "+open+"}}", "400", func(r *rig) string {
		return r.gateway(http.MethodPost, "/x", "Content-Type:application/json")[:3]
	})
	certificateKeys(t, add, files)
	var keys []string
	for k, c := range all {
		c.yaml += "\neventHubs: {hubs: {h: {partitions: 1}}, namespaces: {audits: {hubs: {h: {partitions: 1}}}}}"
		all[k] = c
		keys = append(keys, strings.TrimPrefix(k, "gateway."))
	}
	for k, c := range named(all, "gateway", "services", keyGateway, keys...) {
		all[k] = c
	}
	all["gateway.port"] = keyCase{yaml: "gateway: {port: PORT}", want: "true", probe: func(r *rig) string {
		return fmt.Sprint(strings.HasSuffix(r.url(instance.Gateway), fmt.Sprint(":", r.port)) && r.gateway(http.MethodGet, "/x") == notFoundReply)
	}}
	return all
}

const notFoundReply = `404 { "statusCode": 404, "message": "Resource not found" }`

// gateway calls the case's gateway.
func (r *rig) gateway(method, path string, headers ...string) string {
	var pairs []string
	if r.in != "" {
		pairs = append(pairs, "Host", r.in+".azure-api.net")
	}
	for _, h := range headers {
		name, v, _ := strings.Cut(h, ":")
		pairs = append(pairs, name, v)
	}
	code, text := r.call(method, r.url(instance.Gateway)+path, "", pairs...)
	return fmt.Sprint(code, " ", text)
}

// gatewayReply is the headers of a reply.
func (r *rig) gatewayReply(method, path string, headers ...string) http.Header {
	q, err := http.NewRequest(method, r.url(instance.Gateway)+path, nil)
	if err != nil {
		return nil
	}
	for _, h := range headers {
		name, v, _ := strings.Cut(h, ":")
		q.Header.Set(name, v)
	}
	if r.in != "" {
		q.Host = r.in + ".azure-api.net"
	}
	reply, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(q)
	if err != nil {
		return nil
	}
	_ = reply.Body.Close()
	return reply.Header
}

// throughBackend calls a backend on the case's port, which answers with its path and
// the header X-Code.
func (r *rig) throughBackend() string {
	l, err := net.Listen("tcp", fmt.Sprint("127.0.0.1:", r.port))
	if err != nil {
		return err.Error()
	}
	server := &http.Server{ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		fmt.Fprint(w, q.URL.Path, " ", q.Header.Get("X-Code"))
	})}
	ended := make(chan struct{})
	go func() { defer close(ended); _ = server.Serve(l) }()
	defer func() { _ = server.Close(); <-ended }()
	return r.gateway(http.MethodGet, "/x")
}

// logged is how many events came to a hub after one call.
func (r *rig) logged(namespace string) string {
	r.gateway(http.MethodGet, "/x")
	a, err := r.app.storage.exists.Account(resource.Namespaces, namespace)
	if err != nil {
		return err.Error()
	}
	return r.until(func() string {
		h, err := r.app.storage.broker.Namespace(a.ID).Hub("h")
		if err != nil {
			return err.Error()
		}
		p, err := h.Partition(0)
		if err != nil {
			return err.Error()
		}
		text, _ := json.Marshal(p.Info().LastSequence + 1)
		return string(text)
	}, func(s string) bool { return s == "1" })
}
