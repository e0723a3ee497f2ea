package cli

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestAttempts shortens what DefaultAzureCredential says when nothing is set up.
func TestAttempts(t *testing.T) {
	const chain = "DefaultAzureCredential: failed to acquire a token.\nAttempted credentials:\n" +
		"\tEnvironmentCredential: missing environment variable AZURE_TENANT_ID\n" +
		"\tManagedIdentityCredential: managed identity timed out. See https://aka.ms/azsdk/go/identity/troubleshoot#dac for more information\n" +
		"\tAzureCLICredential: ERROR: Please run 'az login'\n\t\tto set up an account. To troubleshoot, visit https://aka.ms/x\n" +
		"\tClientSecretCredential: unable to resolve an endpoint: server response error:\n\t\t Get \"https://login\": no such host. To troubleshoot, visit https://aka.ms/x\n\t\tmore"
	want := []string{
		"EnvironmentCredential: missing environment variable AZURE_TENANT_ID",
		"ManagedIdentityCredential: managed identity timed out",
		"AzureCLICredential: ERROR: Please run 'az login'",
		"ClientSecretCredential: unable to resolve an endpoint: server response error: Get \"https://login\": no such host",
	}
	if diff := cmp.Diff(want, attempts(chain)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"something else"}, attempts("something else. With more\nlines")); diff != "" {
		t.Error(diff)
	}
	if got := attempts(strings.Repeat("ß", 1000)); len(got) != 1 || len(got[0]) > longestReason+len("…") {
		t.Errorf("%d bytes of one reason", len(got[0]))
	}
}

func TestNamespaceHost(t *testing.T) {
	for name, want := range map[string]string{
		"contoso":                                     "contoso.servicebus.windows.net",
		"contoso.servicebus.windows.net":              "contoso.servicebus.windows.net",
		"sb://contoso.servicebus.windows.net/":        "contoso.servicebus.windows.net",
		"contoso.servicebus.usgovcloudapi.net":        "contoso.servicebus.usgovcloudapi.net",
		"localhost":                                   "localhost",
		"localhost:5671":                              "localhost:5671",
		"amqps://127.0.0.1:5671":                      "127.0.0.1:5671",
		"https://contoso.servicebus.windows.net:443/": "contoso.servicebus.windows.net:443",
	} {
		if got := namespaceHost(name); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
}
