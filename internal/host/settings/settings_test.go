package settings

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lazuli-dev/lazuli/internal/fault"
)

func TestLayersAndNames(t *testing.T) {
	s := New(
		map[string]string{"A": "file", "Conn__fullyQualifiedNamespace": "ns", "AzureFunctionsJobHost:logging:logLevel:default": "Debug"},
		map[string]string{"a": "env", "AzureFunctionsJobHost__extensions__http__routePrefix": "x"},
	)
	for name, want := range map[string]string{
		"A": "env", "conn:FULLYQUALIFIEDNAMESPACE": "ns", "missing": "",
	} {
		if got := s.Get(name); got != want {
			t.Errorf("%s = %q, want %q", name, got, want)
		}
	}
	want := map[string]string{"logging:logLevel:default": "Debug", "extensions:http:routePrefix": "x"}
	if diff := cmp.Diff(want, s.Section("azurefunctionsjobhost")); diff != "" {
		t.Error(diff)
	}
	if env := s.Environ(); len(env) != 4 || env[3] != "a=env" {
		t.Errorf("environment: %v", env)
	}
}

func TestDisabled(t *testing.T) {
	s := New(map[string]string{
		"AzureWebJobs.One.Disabled": "true", "AzureWebJobs__two__Disabled": "1",
		"AzureWebJobs_Three_Disabled": "True", "AzureWebJobs.Four.Disabled": "false",
	})
	for name, want := range map[string]bool{"one": true, "Two": true, "three": true, "Four": false, "five": false} {
		if got := s.Disabled(name); got != want {
			t.Errorf("%s disabled: %v", name, got)
		}
	}
}

func TestParseLocal(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		want Local
		err  string
	}{
		"usual": {
			"\ufeff{ // comment\n\"IsEncrypted\": false, \"Values\": {\"A\": \"1\", \"B\": true, \"C\": 5, \"N\": null}, \"Host\": {\"LocalHttpPort\": 7072, \"CORS\": \"*\"}}",
			Local{Values: map[string]string{"A": "1", "B": "true", "C": "5"}, Host: LocalHost{LocalHTTPPort: 7072, CORS: "*"}},
			"",
		},
		"connection strings": {
			`{"IsEncrypted": false, "ConnectionStrings": {"Db": "a=b", "Sql": {"ConnectionString": "c=d", "ProviderName": "x"}}}`,
			Local{Values: map[string]string{"ConnectionStrings:Db": "a=b", "ConnectionStrings:Sql": "c=d"}},
			"",
		},
		"empty":             {`{}`, Local{Values: map[string]string{}}, ""},
		"not said":          {`{"Values": {"A": "1"}}`, Local{}, "IsEncrypted is missing"},
		"encrypted":         {`{"IsEncrypted": true, "Values": {"B": "CfDJ8x", "A": "CfDJ8y", "C": "z"}}`, Local{}, "A, B are encrypted by Azure Functions Core Tools"},
		"encrypted, unsaid": {`{"ConnectionStrings": {"A": "CfDJ8y"}}`, Local{}, "A is encrypted by Azure Functions Core Tools"},
		"said, and plain":   {`{"IsEncrypted": true, "Values": {"A": "x"}}`, Local{}, "IsEncrypted is true, and no value is encrypted; `lazuli func settings decrypt`"},
		"said, and empty":   {`{"IsEncrypted": true}`, Local{}, "no value is encrypted"},
		"nested":            {`{"IsEncrypted": false, "Values": {"A": {"b": "c"}}}`, Local{}, `A__key`},
		"bad port":          {`{"IsEncrypted": false, "Host": {"LocalHttpPort": 70000}}`, Local{}, "not a port"},
		"broken on line 2":  {"{\n \"IsEncrypted\" false}", Local{}, "local.settings.json:2:"},
		"not an object":     {`[]`, Local{}, "local.settings.json:1:"},
	} {
		got, err := ParseLocal("local.settings.json", []byte(c.text))
		if c.err != "" {
			if err == nil || !strings.Contains(err.Error(), c.err) || !fault.Is(err, fault.Invalid) {
				t.Errorf("%s: error %v, want one with %q", name, err, c.err)
			}
			continue
		}
		if diff := cmp.Diff(c.want, got); err != nil || diff != "" {
			t.Errorf("%s: %v %s", name, err, diff)
		}
	}
}

func TestReadLocal(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, LocalFile)
	if l, err := ReadLocal(path); err != nil || l.Values != nil {
		t.Errorf("a missing file: %+v, %v", l, err)
	}
	if err := os.WriteFile(path, []byte(`{"IsEncrypted": false, "Values": {"A": "1"}}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if l, err := ReadLocal(path); err != nil || l.Values["A"] != "1" {
		t.Errorf("%+v, %v", l, err)
	}
}

func TestConnections(t *testing.T) {
	s := New(map[string]string{
		"Hub":                            "Endpoint=sb://localhost;SharedAccessKeyName=k;SharedAccessKey=a=b==;EntityPath=h;UseDevelopmentEmulator=true;",
		"Cosmos":                         "AccountEndpoint=https://localhost:8081/;AccountKey=C2y6yDjf5/R+ob0N8A7Cgv30VRDJIWEHLM==;",
		"AzureWebJobsStorage":            "UseDevelopmentStorage=true",
		"AzureWebJobsPrefixed":           "Endpoint=sb://prefixed.servicebus.windows.net",
		"ConnectionStrings__Listed":      "Endpoint=sb://listed",
		"Id__fullyQualifiedNamespace":    "NS.servicebus.windows.net",
		"Id:credential":                  "managedidentity",
		"Id__clientId":                   "me",
		"Doc__accountEndpoint":           "https://a.documents.azure.com:443/",
		"Both":                           "Endpoint=sb://exact",
		"Both__fullyQualifiedNamespace":  "prefix",
		"Bare":                           "c2VjcmV0LWtleQ",
		"Empty":                          " ",
		"Broken":                         "Endpoint=:",
		"AzureWebJobsBlob__accountName":  "acct",
		"Acct__accountName":              "acct",
		"Weird__fullyQualifiedNamespace": "a b\x7f",
	})
	for _, c := range []struct {
		service       Service
		name          string
		setting, host string
		identity      bool
		err           string
	}{
		{EventHubs, "Hub", "Hub", "localhost", false, ""},
		{EventHubs, "hub", "hub", "localhost", false, ""},
		{EventHubs, "Prefixed", "AzureWebJobsPrefixed", "prefixed.servicebus.windows.net", false, ""},
		{EventHubs, "Listed", "ConnectionStrings:Listed", "listed", false, ""},
		{EventHubs, "Id", "Id__fullyQualifiedNamespace", "ns.servicebus.windows.net", true, ""},
		{EventHubs, "Both", "Both", "exact", false, ""},
		{CosmosDB, "Cosmos", "Cosmos", "localhost", false, ""},
		{CosmosDB, "Doc", "Doc__accountEndpoint", "a.documents.azure.com", true, ""},
		{Storage, "", "AzureWebJobsStorage", "", false, ""},
		{Storage, "Acct", "Acct__accountName", "acct.blob.core.windows.net", true, ""},
		{EventHubs, "", "", "", false, "names no connection"},
		{EventHubs, "Nope", "", "", false, "Nope__fullyQualifiedNamespace"},
		{EventHubs, "Empty", "", "", false, "no setting Empty"},
		{CosmosDB, "", "", "", false, "CosmosDB__accountEndpoint"},
		{EventHubs, "Bare", "", "", false, `no "="`},
		{EventHubs, "Broken", "", "", false, "not an address"},
		{EventHubs, "Weird", "", "", false, "not an address"},
	} {
		got, err := s.Connection(c.service, c.name)
		if c.err != "" {
			if err == nil || !strings.Contains(err.Error(), c.err) {
				t.Errorf("%s: error %v, want one with %q", c.name, err, c.err)
			}
			if err != nil && strings.Contains(err.Error(), "c2VjcmV0") {
				t.Errorf("%s: the error shows a key: %v", c.name, err)
			}
			continue
		}
		if err != nil || got.Setting != c.setting || got.Host() != c.host || got.UsesIdentity() != c.identity {
			t.Errorf("%s: %+v (host %s), %v", c.name, got, got.Host(), err)
		}
	}
	hub, err := s.Connection(EventHubs, "Hub")
	if err != nil || !hub.Emulator || hub.EntityPath != "h" {
		t.Errorf("hub: %+v, %v", hub, err)
	}
	id, err := s.Connection(EventHubs, "Id")
	if err != nil || id.Identity.Credential != "managedidentity" || id.Identity.ClientID != "me" {
		t.Errorf("identity: %+v, %v", id.Identity, err)
	}
}
