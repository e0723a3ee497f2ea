package app

import (
	"testing"

	"github.com/lazuli-dev/lazuli/internal/end/container"
	"github.com/lazuli-dev/lazuli/internal/end/file"
	"github.com/lazuli-dev/lazuli/internal/end/function"
	"github.com/lazuli-dev/lazuli/internal/end/hub"
	"github.com/lazuli-dev/lazuli/internal/host/trigger"
	"github.com/lazuli-dev/lazuli/internal/resource"
	"github.com/lazuli-dev/lazuli/internal/testkit"
)

// TestPlaces: bindings and ends of jobs are named as the portal's lists name what
// they lead to.
func TestPlaces(t *testing.T) {
	testkit.NoLeaks(t)
	e, _ := openHouse(t, false)
	for typ, name := range map[string]string{resource.Namespaces: "contoso-evhns", resource.CosmosAccounts: "contoso-cosmos"} {
		if _, err := e.Exists.EnsureAccount(typ, name); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct{ kind, host, target, want string }{
		{"eventHubTrigger", "localhost", "readings", "readings"},
		{"eventhubtrigger", "Contoso-evhns.servicebus.windows.net", "readings", "contoso-evhns/readings"},
		{"eventHub", "contoso-evhns.localhost", "readings", "contoso-evhns/readings"},
		{"eventHub", "elsewhere.servicebus.windows.net", "readings", "elsewhere.servicebus.windows.net/readings"},
		{"eventHub", "localhost:40001", "readings", "localhost:40001/readings"},
		{"eventHub", "eventhubs-emulator", "readings", "readings"},
		{"cosmosDBTrigger", "127.0.0.1", "db/docs", "db/docs"},
		{"cosmosDBTrigger", "contoso-cosmos.documents.azure.com", "db/docs", "contoso-cosmos/db/docs"},
		{"cosmosDB", "contoso-cosmos.localhost", "db/docs", "contoso-cosmos/db/docs"},
		{"cosmosDB", "contoso-evhns.servicebus.windows.net", "db/docs", "contoso-evhns.servicebus.windows.net/db/docs"}, // a namespace has no containers
		{"httpTrigger", "", "hi", "hi"},
		{"timerTrigger", "", "0 * * * * *", "0 * * * * *"},
	} {
		if got := e.placeName(c.kind, trigger.Place{Host: c.host, Target: c.target}); got != c.want {
			t.Errorf("%s of %s at %q: %q, want %q", c.kind, c.target, c.host, got, c.want)
		}
	}
	for _, c := range []struct{ kind, account, target, want string }{
		{hub.Kind, "", "readings", "readings"},
		{hub.Kind, "default", "readings", "readings"},
		{hub.Kind, "Contoso-EVHNS", "readings", "contoso-evhns/readings"},
		{container.Kind, "contoso-cosmos", "db/docs", "contoso-cosmos/db/docs"},
		{function.Kind, "", "app/route", "app/route"},
		{file.Kind, "", "rows.json", "rows.json"},
	} {
		if got := e.endName(c.kind, c.account, c.target); got != c.want {
			t.Errorf("%s %s in %q: %q, want %q", c.kind, c.target, c.account, got, c.want)
		}
	}
}
