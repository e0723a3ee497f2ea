package app

import (
	"context"
	"crypto/tls"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"

	"github.com/lazuli-dev/lazuli/internal/config"
	"github.com/lazuli-dev/lazuli/internal/identity"
	"github.com/lazuli-dev/lazuli/internal/instance"
	"github.com/lazuli-dev/lazuli/internal/kv"
	"github.com/lazuli-dev/lazuli/internal/page/roles"
	"github.com/lazuli-dev/lazuli/internal/portal"
	"github.com/lazuli-dev/lazuli/internal/resource"
	"github.com/lazuli-dev/lazuli/internal/testkit"
	"github.com/lazuli-dev/lazuli/internal/vfs"
)

const eventHubsScope = "https://eventhubs.azure.net/.default"

// inHouse runs the probe in the application of a project file.
func inHouse(t *testing.T, yaml string, files map[string]string, probe func(r *rig)) {
	t.Helper()
	t.Setenv("LAZULI_RUN_DIR", t.TempDir())
	said := keyCase{yaml: yaml, files: files, probe: func(r *rig) string { probe(r); return "probed" }}.run(t, "", false)
	if said != "probed" {
		t.Fatal(said)
	}
}

// TestCredentialsOfTheSDK: the unmodified Go client gets tokens over the real
// port, as a managed identity without any trust, and as an application over TLS
// by the local authority.
func TestCredentialsOfTheSDK(t *testing.T) {
	testkit.NoLeaks(t)
	yaml := "identity: {applications: {ci: {clientId: " + keyClient + ", secret: '" + keySecret + "'}}}"
	inHouse(t, yaml, nil, func(r *rig) {
		who := func(c azcore.TokenCredential, err error) string {
			if err != nil {
				return err.Error()
			}
			ctx, cancel := context.WithTimeout(context.Background(), keyWait)
			defer cancel()
			token, err := c.GetToken(ctx, policy.TokenRequestOptions{Scopes: []string{eventHubsScope}})
			if err != nil {
				return err.Error()
			}
			caller, _, err := r.app.house.Issuer.Verify(token.Token, []string{"https://eventhubs.azure.net/"})
			if err != nil {
				return err.Error()
			}
			return caller.Name
		}
		os.Setenv("IDENTITY_ENDPOINT", r.url(instance.Identity)+"/msi/token")
		os.Setenv("IDENTITY_HEADER", r.info.Tokens[instance.Identity])
		defer os.Unsetenv("IDENTITY_ENDPOINT")
		defer os.Unsetenv("IDENTITY_HEADER")
		plain := azcore.ClientOptions{Transport: &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}}
		managed, err := azidentity.NewManagedIdentityCredential(&azidentity.ManagedIdentityCredentialOptions{ClientOptions: plain})
		if got := who(managed, err); got != "developer" {
			t.Errorf("as a managed identity: %s", got)
		}
		trusting := &http.Client{Transport: &http.Transport{TLSClientConfig: r.tls(), DisableKeepAlives: true}}
		_, port, _ := strings.Cut(r.info.Addresses[instance.Identity], ":")
		app, err := azidentity.NewClientSecretCredential("adfs", keyClient, keySecret, &azidentity.ClientSecretCredentialOptions{ClientOptions: azcore.ClientOptions{
			Transport: trusting, Cloud: cloud.Configuration{ActiveDirectoryAuthorityHost: "https://localhost:" + port + "/"},
		}})
		if got := who(app, err); got != "application:ci" {
			t.Errorf("as an application: %s", got)
		}
		signInName := &tls.Config{RootCAs: r.tls().RootCAs, ServerName: signInHost, MinVersion: tls.VersionTLS12}
		if c, err := tls.Dial("tcp", r.info.Addresses[instance.Identity], signInName); err != nil {
			t.Errorf("the certificate for %s: %v", signInHost, err)
		} else {
			c.Close()
		}
	})
}

// TestFunctionIsItself: a function asks for a token as its code would in Azure,
// and is its app.
func TestFunctionIsItself(t *testing.T) {
	testkit.NoLeaks(t)
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	yaml := "functions: {apps: {one: {path: app, binary: " + self + "}, two: {path: app, binary: " + self + "}}}"
	inHouse(t, yaml, map[string]string{"app/host.json": `{"version":"2.0"}`}, func(r *rig) {
		for _, app := range []string{"one", "two"} {
			_, token := r.call("GET", r.url(instance.FunctionsPrefix+app)+"/api/token", "")
			who, _, err := r.app.house.Issuer.Verify(token, []string{"https://eventhubs.azure.net"})
			if err != nil || who.Name != "app:"+app {
				t.Errorf("%s is %q (%v): %.300s", app, who.Name, err, token)
			}
		}
	})
}

// TestRefusalIsTold in the log, in the bell and as JSON, each with the command
// that grants the right; one that is let pass does not ring.
func TestRefusalIsTold(t *testing.T) {
	testkit.NoLeaks(t)
	const send = "Microsoft.EventHub/namespaces/messages/send/action"
	files := map[string]string{"app/host.json": `{"version":"2.0"}`}
	for _, mode := range []string{"enforce", "permissive"} {
		yaml := "identity: {mode: " + mode + "}\nfunctions: {apps: {one: {path: app, disabled: true}}}"
		inHouse(t, yaml, files, func(r *rig) {
			who := r.app.house.Who
			app, err := who.Principal("app:one")
			if err != nil {
				t.Fatal(err)
			}
			if err := who.Check(app.Caller, send, who.Scope("Microsoft.EventHub/namespaces", "default", "h")); (err == nil) != (mode == "permissive") {
				t.Errorf("%s: %v", mode, err)
			}
			const command = "lazuli role assign app:one 'Azure Event Hubs Data Sender' eventHubs/default/h"
			var refusals []identity.Refusal
			if fault := r.portal("GET", "/api/identity/refusals", "", &refusals); fault != "" || len(refusals) != 1 || refusals[0].Command != command || refusals[0].Action != send {
				t.Errorf("%s: %s %+v", mode, fault, refusals)
			}
			var bell portal.NoticeList
			if fault := r.portal("GET", "/api/notices", "", &bell); fault != "" {
				t.Error(fault)
			}
			rang := len(bell.Notices) == 1 && bell.Notices[0].Command == command && strings.Contains(bell.Notices[0].Subject, "app:one may not "+send)
			if rang != (mode == "enforce") {
				t.Errorf("%s: the bell has %+v", mode, bell)
			}
			var held roles.Summary
			if fault := r.portal("GET", "/api/identity?principal=app:one", "", &held); fault != "" || string(held.Mode) != mode || len(held.Assignments) != 0 {
				t.Errorf("%s %+v", fault, held)
			}
		})
	}
}

// TestTokensOutliveARestart: keys and ids stay.
func TestTokensOutliveARestart(t *testing.T) {
	testkit.NoLeaks(t)
	t.Setenv("LAZULI_RUN_DIR", t.TempDir())
	dir, token := t.TempDir(), ""
	for n := range 2 {
		r := &rig{t: t}
		r.again(dir, "identity: {applications: {ci: {clientId: "+keyClient+", secret: '"+keySecret+"'}}}", func() {
			if n == 0 {
				_, text := r.call("GET", r.url(instance.Identity)+"/msi/token?api-version=2019-08-01&resource=https://eventhubs.azure.net", "", "X-IDENTITY-HEADER", r.info.Tokens[instance.Identity])
				token = match(text, `"access_token":"([^"]+)"`)
			}
			if who, _, err := r.app.house.Issuer.Verify(token, []string{"https://eventhubs.azure.net"}); err != nil || who.Name != "developer" {
				t.Errorf("run %d: %v %v", n, who, err)
			}
		})
	}
}

// TestIdentitiesSurviveCrashes: cut at any call of the file system, the store has
// the assignments before or after each step, and ids never change.
func TestIdentitiesSurviveCrashes(t *testing.T) {
	mem := vfs.NewCrashableMem()
	rng := rand.New(rand.NewPCG(7, 7))
	type cut struct {
		fs   vfs.FS
		step int
	}
	var mu sync.Mutex // guards cuts and step
	var cuts []cut
	step := 0
	files := vfs.WithFaults(mem, vfs.InjectorFunc(func(op vfs.Op) error {
		if _, changes := vfs.ChangeName(op.Kind); changes {
			mu.Lock()
			defer mu.Unlock()
			cuts = append(cuts, cut{mem.CrashClone(vfs.CrashCloneConfig{UnsyncedDataPercent: rng.IntN(3) * 50, RNG: rng}), step})
		}
		return nil
	}))
	declared := identity.Declared{Apps: []string{"one"}}
	open := func(files vfs.FS) (*identity.Identity, func()) {
		db, err := kv.Open(kv.Options{FS: files, Dir: "kv", Log: testkit.Discard()})
		if err != nil {
			t.Fatal(err)
		}
		who, err := identity.Open(identity.Options{Store: textStore{db, db.Space(kv.Identity), "identities"}, Declared: declared})
		if err != nil {
			t.Fatal(err)
		}
		return who, func() {
			if err := db.Close(); err != nil {
				t.Error(err)
			}
		}
	}
	who, shut := open(files)
	me, err := who.Principal("app:one")
	if err != nil {
		t.Fatal(err)
	}
	const steps = 4
	for n := range steps {
		mu.Lock()
		step = n
		mu.Unlock()
		if _, err := who.Assign("app:one", "Reader", fmt.Sprintf("eventHubs/default/h%d", n)); err != nil {
			t.Fatal(err)
		}
	}
	mu.Lock()
	cuts = append(cuts, cut{mem.CrashClone(vfs.CrashCloneConfig{}), steps})
	mu.Unlock()
	shut()
	for n, c := range cuts {
		again, shut := open(c.fs)
		if got := len(again.Held("app:one")); c.step > 0 && (got < c.step || got > c.step+1) {
			t.Errorf("cut %d at step %d: %d assignments", n, c.step, got)
		}
		if p, err := again.Principal("app:one"); c.step > 0 && (err != nil || p.ObjectID != me.ObjectID || again.Tenant() != who.Tenant()) {
			t.Errorf("cut %d: another principal, %v", n, err)
		}
		shut()
	}
	if len(cuts) < 2*steps {
		t.Errorf("only %d cuts", len(cuts))
	}
}

// again runs the project in a folder, which may hold the state of a run before.
func (r *rig) again(dir, yaml string, probe func()) {
	r.t.Helper()
	c := keyCase{yaml: yaml}
	writeFiles(r.t, dir, map[string]string{"lazuli.yaml": string(c.projectFile(r.t, "", 0, false))})
	cfg, err := config.Load(dir)
	if err != nil {
		r.t.Fatal(err)
	}
	ready := make(chan instance.Info, 1)
	r.app, err = Build(r.t.Context(), Options{Config: cfg, Log: testkit.Discard(), Ready: func(s Summary) { ready <- s.Info }})
	if err != nil {
		r.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- r.app.Run(ctx) }()
	select {
	case r.info = <-ready:
		probe()
	case <-time.After(time.Minute):
		r.t.Error("not ready")
	}
	cancel()
	if err := <-done; err != nil {
		r.t.Error(err)
	}
}

// TestRolesGoWithTheResource: another hub, database or container under the name
// of one that went begins without the roles that were held at it.
func TestRolesGoWithTheResource(t *testing.T) {
	testkit.NoLeaks(t)
	yaml := "eventHubs: {hubs: {h: {}, other: {}}}\ncosmos: {databases: {d: {containers: {c: {partitionKey: /id}}}}}\nfunctions: {apps: {one: {path: app, disabled: true}}}"
	inHouse(t, yaml, map[string]string{"app/host.json": `{"version":"2.0"}`}, func(r *rig) {
		who, e := r.app.house.Who, r.app.house
		for _, scope := range []string{"eventHubs/default/h", "eventHubs/default/other", "cosmos/default/d/c", "cosmos/default/d", "/"} {
			if _, err := who.Assign("app:one", "Reader", scope); err != nil {
				t.Fatal(err)
			}
		}
		hubs, err := e.Exists.Account(resource.Namespaces, resource.Default)
		if err != nil {
			t.Fatal(err)
		}
		documents, err := e.Exists.Account(resource.CosmosAccounts, resource.Default)
		if err != nil {
			t.Fatal(err)
		}
		for _, id := range []resource.ID{{Account: hubs, Type: resource.Hubs, Name: "h"}, {Account: documents, Type: resource.Containers, Name: "d/c"}} {
			if err := e.Exists.Remove(context.Background(), id); err != nil {
				t.Fatal(err)
			}
		}
		var left []string
		for _, h := range who.Held("app:one") {
			left = append(left, h.Short)
		}
		if got := strings.Join(left, " "); got != "eventHubs/default/other cosmos/default/d /" {
			t.Errorf("left: %s", got)
		}
	})
}
