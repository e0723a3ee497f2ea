package cli

import (
	"fmt"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/lazuli-dev/lazuli/internal/instance"
)

// TestLaterFindsEveryName: a program that runs learns of a name that was made while the
// instance's files were being read, also when no other name follows it.
func TestLaterFindsEveryName(t *testing.T) {
	t.Setenv("LAZULI_RUN_DIR", t.TempDir())
	info := instance.Info{PID: os.Getpid(), Dir: t.TempDir(), DataDir: t.TempDir()}
	if err := instance.Write(info); err != nil {
		t.Fatal(err)
	}
	names := later(info)
	for n := range 300 {
		host := fmt.Sprintf("app-%d.scm.azurewebsites.net", n)
		info.Accounts = append(info.Accounts, instance.Account{Type: instance.Sites, Name: host, Hosts: []string{host}})
		written := make(chan error, 1)
		go func() { written <- instance.Write(info) }()
		for deadline := time.Now().Add(30 * time.Second); ; {
			if all, _ := names(); slices.Contains(all, host) {
				break
			}
			if time.Now().After(deadline) {
				t.Fatalf("%s is never found", host)
			}
		}
		if err := <-written; err != nil {
			t.Fatal(err)
		}
	}
}

// TestByName: port 443 leads to who answers for a name, or nowhere.
func TestByName(t *testing.T) {
	info := instance.Info{
		Addresses: map[string]string{instance.Cosmos: "c", instance.Identity: "i", instance.FunctionsPrefix + "Shop": "f"},
		Accounts: []instance.Account{
			{Type: instance.Sites, Name: "Shop", Hosts: []string{"shop.azurewebsites.net"}, Services: []string{instance.FunctionsPrefix + "Shop"}},
			{Type: instance.CosmosAccounts, Name: "contoso", Hosts: []string{"contoso.documents.azure.com"}, Services: []string{instance.Cosmos}},
			{Type: instance.Namespaces, Name: "contoso", Hosts: []string{"contoso.servicebus.windows.net"}, Services: []string{instance.AMQPS}},
		},
	}
	for name, want := range map[string]string{
		"": "c", "contoso.documents.azure.com": "c", "login.microsoftonline.com": "i", "management.azure.com": "i", "Graph.microsoft.com": "i", "shop.azurewebsites.net": "f",
		"other.azurewebsites.net": "", "contoso.servicebus.windows.net": "", "example.org": "",
	} {
		if got := byName(info, name); got != want {
			t.Errorf("%q leads to %q, want %q", name, got, want)
		}
	}
}
