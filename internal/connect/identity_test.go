package connect

import (
	"maps"
	"strings"
	"testing"

	"github.com/lazuli-dev/lazuli/internal/instance"
)

func TestIdentity(t *testing.T) {
	if v := Identity(instance.Info{}); v != nil {
		t.Error(v)
	}
	info := instance.Info{Addresses: map[string]string{instance.Identity: "[::]:8443"}, Tokens: map[string]string{instance.Identity: "secret"}}
	v := Identity(info)
	if len(v) != 2 || v[0].Value != "http://127.0.0.1:8443/msi/token" || v[1].Value != "secret" {
		t.Error(v)
	}
}

// TestStray: what DefaultAzureCredential would try before the managed identity,
// or with it, unless an issuer was named.
func TestStray(t *testing.T) {
	for in, want := range map[string]string{
		"":                                    "",
		"AZURE_CLIENT_ID":                     "", // of a user-assigned identity
		"AZURE_TENANT_ID":                     "",
		"AZURE_CLIENT_ID AZURE_CLIENT_SECRET": "AZURE_CLIENT_SECRET AZURE_CLIENT_ID",
		"AZURE_FEDERATED_TOKEN_FILE":          "AZURE_FEDERATED_TOKEN_FILE",
		"AZURE_AUTHORITY_HOST AZURE_CLIENT_SECRET":        "",
		"AZURE_CLIENT_ID AZURE_CLIENT_SECRET OURS":        "",
		"AZURE_TOKEN_CREDENTIALS=dev":                     "AZURE_TOKEN_CREDENTIALS",
		"AZURE_TOKEN_CREDENTIALS=prod":                    "",
		"IDENTITY_SERVER_THUMBPRINT AZURE_AUTHORITY_HOST": "IDENTITY_SERVER_THUMBPRINT",
	} {
		set := map[string]string{}
		for _, kv := range strings.Fields(in) {
			name, value, given := strings.Cut(kv, "=")
			if !given {
				value = "x"
			}
			set[name] = value
		}
		if got := strings.Join(Stray(func(name string) string { return set[name] }, set["OURS"] != ""), " "); got != want {
			t.Errorf("%s: %s", in, got)
		}
	}
}

func TestManage(t *testing.T) {
	info := instance.Info{Addresses: map[string]string{instance.Identity: "127.0.0.1:8443"}, Subscription: "s", Tenant: "t"}
	got := map[string]string{}
	for _, v := range Manage(info) {
		got[v.Name] = v.Value
	}
	want := map[string]string{
		"ARM_METADATA_HOSTNAME": "localhost:8443", "ARM_SUBSCRIPTION_ID": "s", "AZURE_SUBSCRIPTION_ID": "s", "ARM_TENANT_ID": "t",
		"ARM_USE_MSI": "true", "ARM_MSI_ENDPOINT": "http://127.0.0.1:8443/metadata/identity/oauth2/token",
	}
	if !maps.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	info.Subscription = ""
	if off := Manage(info); off != nil {
		t.Errorf("where it is off: %v", off)
	}
}
