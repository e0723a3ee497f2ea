package app

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/lazuli-dev/lazuli/internal/end/hub"
	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/host/settings"
	"github.com/lazuli-dev/lazuli/internal/instance"
	"github.com/lazuli-dev/lazuli/internal/testkit"
)

// rightsProject has two namespaces and two accounts, one of each without keys.
const rightsProject = `
eventHubs:
  hubs: {readings: {partitions: 1}, other: {partitions: 1}}
  rules: [{name: listener, key: bGlzdGVu, rights: [Listen], hub: readings}]
  namespaces: {` + keyNamespace + `: {disableLocalAuth: true, hubs: {readings: {partitions: 1}, other: {partitions: 1}}}}
cosmos:
  databases: {db: {containers: {docs: {partitionKey: /id}, leases: {partitionKey: /id}}}}
  accounts: {` + keyAccount + `: {disableLocalAuth: true, databases: {db: {containers: {docs: {partitionKey: /id}, leases: {partitionKey: /id}}}}}}
functions: {apps: {one: {path: ., disabled: true}, two: {path: ., disabled: true}}}
identity: {mode: enforce, userAssigned: {shared: {apps: [two]}}}
`

// inRights runs the application of the project and gives its house.
func inRights(t *testing.T, use func(r *rig, e *env)) {
	t.Helper()
	testkit.NoLeaks(t)
	t.Setenv("LAZULI_RUN_DIR", t.TempDir())
	c := keyCase{yaml: rightsProject, probe: func(r *rig) string { use(r, r.app.house); return "ran" }}
	if got := c.run(t, "", false); got != "ran" {
		t.Fatal(got)
	}
}

// by is a connection of an app's settings.
func by(t *testing.T, service settings.Service, app string, values map[string]string) settings.Connection {
	t.Helper()
	c, err := settings.New(values).Of(app).Connection(service, "S")
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestFunctionsByIdentity: an app that names no key reaches hubs and containers
// by the roles of its identity, at the scopes of these, and no longer when they
// are taken away.
func TestFunctionsByIdentity(t *testing.T) {
	inRights(t, func(r *rig, e *env) {
		ctx := t.Context()
		hubs, containers := e.localHubs(), e.localContainers(nil)
		byRole := func(app, clientID string) settings.Connection {
			return by(t, settings.EventHubs, app, map[string]string{
				"S__fullyQualifiedNamespace": keyNamespace + ".servicebus.windows.net", "S__credential": "managedidentity", "S__clientId": clientID,
			})
		}
		one := byRole("one", "")
		_, err := hubs.Open(ctx, one, "readings", hub.Consumer{Group: "$Default"})
		if !fault.Is(err, fault.Forbidden) || !strings.Contains(err.Error(), "app:one") || !strings.Contains(err.Error(), "lazuli role assign") {
			t.Errorf("without a role: %v", err)
		}
		give := func(principal, role, scope string) {
			t.Helper()
			if _, err := e.Who.Assign(principal, role, scope); err != nil {
				t.Fatal(err)
			}
		}
		give("app:one", "Azure Event Hubs Data Receiver", "eventHubs/"+keyNamespace+"/readings")
		h, err := hubs.Open(ctx, one, "readings", hub.Consumer{Group: "$Default"})
		if err != nil {
			t.Fatalf("with the role: %v", err)
		}
		for what, err := range map[string]error{
			"another hub":           second(hubs.Open(ctx, one, "other", hub.Consumer{Group: "$Default"})),
			"sending":               second(hubs.Sink(ctx, one, "readings")),
			"another app":           second(hubs.Open(ctx, byRole("two", ""), "readings", hub.Consumer{Group: "$Default"})),
			"an unknown identity":   second(hubs.Open(ctx, byRole("one", "11111111-1111-1111-1111-111111111111"), "readings", hub.Consumer{Group: "$Default"})),
			"another's assigned id": second(hubs.Open(ctx, byRole("one", clientID(t, e, "identity:shared")), "readings", hub.Consumer{Group: "$Default"})),
		} {
			if !fault.Is(err, fault.Forbidden) {
				t.Errorf("%s: %v", what, err)
			}
		}
		give("identity:shared", "Azure Event Hubs Data Sender", "eventHubs/"+keyNamespace)
		shared, err := hubs.Sink(ctx, byRole("two", clientID(t, e, "identity:shared")), "readings")
		if err == nil {
			err = shared.Send(ctx, []hub.Outgoing{{Body: []byte("a")}})
		}
		if err != nil {
			t.Fatalf("by an identity that the app was given: %v", err)
		}
		reader, err := h.Open(ctx, "0", hub.Position{})
		if err != nil {
			t.Fatal(err)
		}
		defer reader.Close()
		if got, err := reader.Read(ctx, nil, 10); err != nil || string(got[0].Body) != "a" {
			t.Fatalf("read: %v %v", got, err)
		}
		if _, err := e.Who.Remove("app:one", "Azure Event Hubs Data Receiver", "eventHubs/"+keyNamespace+"/readings"); err != nil {
			t.Fatal(err)
		}
		if err := shared.Send(ctx, []hub.Outgoing{{Body: []byte("b")}}); err != nil {
			t.Fatal(err)
		}
		if got, err := reader.Read(ctx, nil, 10); len(got) > 0 || !fault.Is(err, fault.Forbidden) {
			t.Errorf("after the role is gone: %v %v", got, err)
		}

		docs := by(t, settings.CosmosDB, "one", map[string]string{"S__accountEndpoint": "https://" + keyAccount + ".documents.azure.com:443/"})
		if _, err := containers.Feed(ctx, docs, "db", "docs"); !fault.Is(err, fault.Forbidden) {
			t.Errorf("documents without a role: %v", err)
		}
		give("app:one", "Cosmos DB Built-in Data Reader", "cosmos/"+keyAccount)
		if _, err := containers.Feed(ctx, docs, "db", "docs"); err != nil {
			t.Errorf("a reader's feed: %v", err)
		}
		if _, err := containers.Sink(ctx, docs, "db", "docs", ""); !fault.Is(err, fault.Forbidden) {
			t.Errorf("a reader's write: %v", err)
		}
		give("app:one", "Cosmos DB Built-in Data Contributor", "cosmos/"+keyAccount+"/db/docs")
		if sink, err := containers.Sink(ctx, docs, "db", "docs", ""); err != nil || sink.Upsert(ctx, [][]byte{[]byte(`{"id":"1"}`)}) != nil {
			t.Errorf("a contributor's write: %v", err)
		}
		if _, err := containers.Leases(ctx, docs, "db", "leases", false); !fault.Is(err, fault.Forbidden) {
			t.Errorf("leases in a container without the role: %v", err)
		}
	})
}

// TestFunctionsByKey: a key opens what it opens for clients outside, and a wrong
// one nothing.
func TestFunctionsByKey(t *testing.T) {
	inRights(t, func(_ *rig, e *env) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		hubs, containers := e.localHubs(), e.localContainers(nil)
		hubKey := func(endpoint, policy, key string) settings.Connection {
			return by(t, settings.EventHubs, "one", map[string]string{"S": fmt.Sprintf("Endpoint=sb://%s;SharedAccessKeyName=%s;SharedAccessKey=%s", endpoint, policy, key)})
		}
		listener := hubKey("localhost", "listener", "bGlzdGVu")
		if _, err := hubs.Open(ctx, listener, "readings", hub.Consumer{Group: "$Default"}); err != nil {
			t.Errorf("its hub: %v", err)
		}
		closed, _ := e.Exists.Account("Microsoft.EventHub/namespaces", keyNamespace)
		policies, err := e.keysOf(closed)
		if err != nil {
			t.Fatal(err)
		}
		for what, c := range map[string]struct {
			err  error
			says string
		}{
			"another hub":     {second(hubs.Open(ctx, listener, "other", hub.Consumer{Group: "$Default"})), "opens nothing"},
			"another right":   {second(hubs.Sink(ctx, listener, "readings")), "has not the right Send"},
			"a wrong key":     {second(hubs.Open(ctx, hubKey("localhost", "listener", "x"), "readings", hub.Consumer{Group: "$Default"})), "lazuli env"},
			"no key":          {second(hubs.Open(ctx, by(t, settings.EventHubs, "one", map[string]string{"S": "Endpoint=sb://localhost"}), "readings", hub.Consumer{Group: "$Default"})), "no SharedAccessKey"},
			"keys turned off": {second(hubs.Open(ctx, hubKey(keyNamespace+".servicebus.windows.net", policies[0].Policy, policies[0].Value), "readings", hub.Consumer{Group: "$Default"})), "local authentication is off"},
		} {
			if !fault.Is(c.err, fault.Forbidden) || !strings.Contains(c.err.Error(), c.says) || strings.Contains(c.err.Error(), policies[0].Value) {
				t.Errorf("%s: %v", what, c.err)
			}
		}
		both := by(t, settings.EventHubs, "one", map[string]string{
			"S": "Endpoint=sb://localhost;SharedAccessKeyName=listener;SharedAccessKey=bGlzdGVu", "S__fullyQualifiedNamespace": keyNamespace + ".servicebus.windows.net",
		})
		if _, err := hubs.Open(ctx, both, "readings", hub.Consumer{Group: "none"}); err == nil || !strings.Contains(err.Error(), "at localhost, by setting S, which counts more than S__fullyQualifiedNamespace") {
			t.Errorf("a string that hides an identity: %v", err)
		}
		account := func(key string) settings.Connection {
			return by(t, settings.CosmosDB, "one", map[string]string{"S": "AccountEndpoint=https://localhost:8081/;AccountKey=" + key})
		}
		own, err := e.keysOf(e.Storage.documents)
		if err != nil {
			t.Fatal(err)
		}
		readOnly := own[2].Value
		if _, err := containers.Feed(ctx, account(readOnly), "db", "docs"); err != nil {
			t.Errorf("a read-only key's feed: %v", err)
		}
		if _, err := containers.Sink(ctx, account(readOnly), "db", "docs", ""); !fault.Is(err, fault.Forbidden) || !strings.Contains(err.Error(), "read-only") {
			t.Errorf("a read-only key's write: %v", err)
		}
		if _, err := containers.Feed(ctx, account("eA=="), "db", "docs"); !fault.Is(err, fault.Forbidden) {
			t.Errorf("a wrong key: %v", err)
		}
	})
}

func second[T any](_ T, err error) error { return err }

func clientID(t *testing.T, e *env, name string) string {
	t.Helper()
	p, err := e.Who.Principal(name)
	if err != nil {
		t.Fatal(err)
	}
	return p.AppID
}

// TestFunctionAppByItsName: an app is reached as NAME.azurewebsites.net over TLS,
// and another name of that kind leads nowhere.
func TestFunctionAppByItsName(t *testing.T) {
	testkit.NoLeaks(t)
	t.Setenv("LAZULI_RUN_DIR", t.TempDir())
	c := functionKeys()["functions.apps.*.path"]
	c.probe = func(r *rig) string {
		ask := func(host string) string {
			trust := r.tls()
			trust.ServerName = host
			transport := &http.Transport{TLSClientConfig: trust, DisableKeepAlives: true, DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
				return (&net.Dialer{}).DialContext(ctx, network, r.info.Addresses[instance.FunctionsPrefix+"one"])
			}}
			res, err := (&http.Client{Transport: transport}).Get("https://" + host + "/")
			if err != nil {
				return "no answer"
			}
			defer res.Body.Close()
			return fmt.Sprint(res.StatusCode)
		}
		return ask("one.azurewebsites.net") + ", " + ask("two.azurewebsites.net")
	}
	if got := c.run(t, "", false); got != "200, no answer" {
		t.Error(got)
	}
}
