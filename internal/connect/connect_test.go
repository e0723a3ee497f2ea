package connect

import (
	"strings"
	"testing"

	"github.com/lazuli-dev/lazuli/internal/instance"
)

func facts(t *testing.T) Facts {
	t.Helper()
	f, err := Of(info(), Choice{})
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func info() instance.Info {
	return instance.Info{
		Accounts: []instance.Account{
			{Type: instance.Namespaces, Name: "default", Rule: "RootManageSharedAccessKey", Key: "SAS_KEY_VALUE", Hosts: []string{"default.servicebus.windows.net"}},
			{Type: instance.Namespaces, Name: "contoso-evhns", Rule: "Root", Key: "k1", Hosts: []string{"contoso-evhns.servicebus.windows.net"}},
			{Type: instance.CosmosAccounts, Name: "default", Key: "k2", Hosts: []string{"default.documents.azure.com"}},
			{Type: instance.CosmosAccounts, Name: "contoso", Key: "k3", Hosts: []string{"contoso.documents.azure.com"}},
			{Type: instance.StorageAccounts, Name: instance.DefaultStorage, Key: "STORAGE_KEY_VALUE"},
			{Type: instance.StorageAccounts, Name: "contososa", Key: "k4"},
		},
		Addresses: map[string]string{instance.Blob: "127.0.0.1:10000", instance.Queue: "127.0.0.1:10001", instance.Table: "[::]:10002", instance.AMQP: "127.0.0.1:5672", instance.AMQPS: "127.0.0.1:5671", instance.Cosmos: "127.0.0.1:8081", instance.Portal: "[::]:8080"},
		CAFile:    "/a b/ca.pem", CABundle: "/a b/bundle.pem", Dir: "/it's here",
	}
}

// TestNamedFacts: a namespace and an account with names of their own are told by
// these names.
func TestNamedFacts(t *testing.T) {
	f, err := Of(info(), Choice{Namespace: "Contoso-evhns", Account: "contoso.documents.azure.com"})
	if err != nil {
		t.Fatal(err)
	}
	if f.EventHubs != "Endpoint=sb://contoso-evhns.servicebus.windows.net/;SharedAccessKeyName=Root;SharedAccessKey=k1" ||
		f.Cosmos != "AccountEndpoint=https://contoso.documents.azure.com:443/;AccountKey=k3;" {
		t.Errorf("%s\n%s", f.EventHubs, f.Cosmos)
	}
	snippets, err := f.Snippets(Thing{Kind: "hub", Hub: "h"})
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range snippets { // several projects may run, and the folder is any
		if want := "lazuli exec --project " + shell(f.Project) + " -- "; s.Run != "" && !strings.HasPrefix(s.Run, want) {
			t.Errorf("%s is run by %q, want %q", s.ID, s.Run, want)
		}
	}
	if f, err = Of(info(), Choice{Storage: "contososa"}); err != nil || f.Storage != "DefaultEndpointsProtocol=https;AccountName=contososa;AccountKey=k4;EndpointSuffix=core.windows.net" {
		t.Error(f.Storage, err)
	}
	if snippets, err = f.Snippets(Thing{Kind: "queue", Queue: "q", In: Choice{Storage: "contososa"}}); err != nil || !strings.HasPrefix(snippets[0].Run, "lazuli exec ") {
		t.Errorf("%+v %v", snippets, err)
	}
	if _, err := Of(info(), Choice{Namespace: "other"}); err == nil || !strings.Contains(err.Error(), "default, contoso-evhns") {
		t.Errorf("a namespace that there is not: %v", err)
	}
}

func TestFacts(t *testing.T) {
	f := facts(t)
	if want := "Endpoint=sb://localhost;SharedAccessKeyName=RootManageSharedAccessKey;SharedAccessKey=SAS_KEY_VALUE;UseDevelopmentEmulator=true;"; f.EventHubs != want {
		t.Error(f.EventHubs)
	}
	if f.EventHubsTLS != "localhost:5671" || f.CosmosEndpoint != "https://localhost:8081/" || f.Portal != "https://localhost:8080" {
		t.Errorf("%+v", f)
	}
}

// TestSnippets: every kind of thing has code that names it, in each language
// that it is promised in, and no code holds a key. That the code works is held
// by conformance/connect.
func TestSnippets(t *testing.T) {
	f := facts(t)
	all := "go python js java dotnet cli curl env"
	for _, tc := range []struct {
		thing     Thing
		languages string
		named     string
	}{
		{Thing{Kind: "hub", Hub: "orders"}, all, "orders"},
		{Thing{Kind: "container", Database: "db", Container: `it's "c"`}, all, ""},
		{Thing{Kind: "function", Function: "hello", URL: "http://localhost:7071/api/hello", Method: "POST", Keyed: true}, all, "hello"},
		{Thing{Kind: "blobs", Container: "pictures"}, all, "pictures"},
		{Thing{Kind: "queue", Queue: "jobs"}, "go python js java dotnet curl env", "jobs"},
		{Thing{Kind: "table", Table: "Devices"}, "go python js java dotnet curl env", "Devices"},
		{Thing{Kind: "gateway", URL: "http://localhost:8000/weather/today", Path: "/weather/today", Method: "GET", Keyed: true, KeyHeader: "Ocp-Apim-Subscription-Key"}, "python js cli curl env", "weather/today"},
		{Thing{Kind: "manager"}, "python cli curl env", ""},
		{Thing{Kind: "portal"}, "python js cli curl env", ""},
	} {
		snippets, err := f.Snippets(tc.thing)
		if err != nil {
			t.Fatal(err)
		}
		var ids []string
		for _, s := range snippets {
			ids = append(ids, s.ID)
			if s.Code == "\n" || s.Language == "" || strings.Contains(s.Code, f.CosmosKey) || strings.Contains(s.Code, f.EventHubsKey) || strings.Contains(s.Code, f.StorageKey) || strings.Contains(s.Code, "<no value>") {
				t.Errorf("%s %s:\n%s", tc.thing.Kind, s.ID, s.Code)
			}
			if tc.named != "" && s.ID != "env" && !strings.Contains(s.Code, tc.named) {
				t.Errorf("%s %s does not name it:\n%s", tc.thing.Kind, s.ID, s.Code)
			}
		}
		if got := strings.Join(ids, " "); got != tc.languages {
			t.Errorf("%s: %s", tc.thing.Kind, got)
		}
	}
}

// TestQuoting: a name can say nothing but itself.
func TestQuoting(t *testing.T) {
	for in, want := range map[string]string{"orders": "orders", "a b": "'a b'", "it's": `'it'\''s'`, "$(rm)": "'$(rm)'", "": "''"} {
		if got := shell(in); got != want {
			t.Errorf("%q: %s", in, got)
		}
	}
	if got, err := quote("a\"b\\c\n<"); err != nil || got != `"a\"b\\c\n<"` {
		t.Error(got, err)
	}
}
