package app

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/lazuli-dev/lazuli/internal/config"
	"github.com/lazuli-dev/lazuli/internal/instance"
	"github.com/lazuli-dev/lazuli/internal/resource"
	"github.com/lazuli-dev/lazuli/internal/site"
	"github.com/lazuli-dev/lazuli/internal/testkit"
)

// deployed is an application into which function apps are deployed.
type deployed struct {
	*house
	t    *testing.T
	stop func()
}

type house struct {
	*App
	info instance.Info
}

// deployedIn runs the project in dir until the test, or stop, ends it.
func deployedIn(t *testing.T, dir string) *deployed {
	t.Helper()
	cfg, err := config.Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	ready := make(chan instance.Info, 1)
	a, err := Build(t.Context(), Options{Config: cfg, Log: testkit.Discard(), Version: "1.2.3", Ready: func(s Summary) { ready <- s.Info }})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- a.Run(ctx) }()
	d := &deployed{t: t, stop: func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	}}
	select {
	case info := <-ready:
		d.house = &house{a, info}
	case err := <-done:
		t.Fatal(err)
	case <-time.After(time.Minute):
		t.Fatal("it is not ready")
	}
	return d
}

// anyPorts is a project file without fixed ports.
const anyPorts = "eventHubs: {amqpPort: 0, amqpsPort: 0}\ncosmos: {port: 0, computePort: 0}\nstorage: {blobPort: 0, queuePort: 0, tablePort: 0}\n" +
	"identity: {port: 0}\nportal: {port: 0}\ngateway: {port: 0}\nfunctions: {port: 0}\n"

func projectIn(t *testing.T, text string) string {
	t.Helper()
	testkit.NoLeaks(t)
	t.Setenv("LAZULI_RUN_DIR", t.TempDir())
	dir := t.TempDir()
	writeFiles(t, dir, map[string]string{config.FileName: text})
	return dir
}

// siteHandler lets this test binary be the custom handler of a deployed app.
const siteHandler = "-test.run=^TestSiteHandler$"

// TestSiteHandler is the custom handler of deployed apps, when a host started it; as a
// test by itself it has nothing to do.
func TestSiteHandler(*testing.T) {
	port := os.Getenv("FUNCTIONS_CUSTOMHANDLER_PORT")
	if port == "" {
		return
	}
	server := http.Server{Addr: "127.0.0.1:" + port, ReadHeaderTimeout: time.Second, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if from := r.FormValue("read"); from != "" {
			readAsItself(w, from, r.FormValue("as"))
			return
		}
		word, _ := os.ReadFile("word.txt")
		fmt.Fprintf(w, "%s %s %s %s", word, os.Getenv("WORD"), os.Getenv("WEBSITE_HOSTNAME"), os.Getenv("AZURE_FUNCTIONS_ENVIRONMENT"))
	})}
	_ = server.ListenAndServe()
}

// handlerPackage is the package of an app that answers with a word.
func handlerPackage(t *testing.T, word string) []byte {
	t.Helper()
	return zipOf(t, handlerFiles(t, word))
}

func handlerFiles(t *testing.T, word string) map[string]string {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	handler, err := json.Marshal(map[string]any{"version": "2.0", "customHandler": map[string]any{
		"description":                 map[string]any{"defaultExecutablePath": self, "arguments": []string{siteHandler}},
		"enableForwardingHttpRequest": true,
	}})
	if err != nil {
		t.Fatal(err)
	}
	return map[string]string{
		"host.json": string(handler), "word.txt": word,
		"hello/function.json": `{"bindings":[{"type":"httpTrigger","direction":"in","name":"req","authLevel":"function"},{"type":"http","direction":"out","name":"$return"}]}`,
		"local.settings.json": `{"IsEncrypted": false, "Values": {"WORD": "of the developer"}}`,
	}
}

func zipOf(t *testing.T, files map[string]string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for name, text := range files {
		w, err := z.Create(name)
		if err == nil {
			_, err = io.WriteString(w, text)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func (d *deployed) put(name string, change func(*site.Spec)) {
	d.t.Helper()
	if _, err := d.App.house.Sites.Put(d.t.Context(), name, func(s *site.Spec, _ bool) error { change(s); return nil }); err != nil {
		d.t.Fatal(err)
	}
}

func (d *deployed) deploy(name string, zip []byte) {
	d.t.Helper()
	sites := d.App.house.Sites
	begun, err := sites.Deploy(d.t.Context(), name, site.Upload{Body: bytes.NewReader(zip), Size: int64(len(zip))})
	if err != nil {
		d.t.Fatal(err)
	}
	if ended, err := sites.Wait(d.t.Context(), name, begun.ID); err != nil || ended.Status != site.StatusSuccess {
		d.t.Fatalf("%+v, %v", ended, err)
	}
}

// ask asks a site by its name in Azure, with its key.
func (d *deployed) ask(name, path string) (int, string) {
	d.t.Helper()
	e := d.App.house
	r, err := http.NewRequestWithContext(d.t.Context(), http.MethodGet, "http://"+e.Doors.address(instance.Identity)+path, nil)
	if err != nil {
		d.t.Fatal(err)
	}
	r.Host = name + ".azurewebsites.net"
	if spec, there := e.Sites.Get(name); there {
		keys, err := e.siteKeys(name, spec)
		if err != nil {
			d.t.Fatal(err)
		}
		r.Header.Set("X-Functions-Key", keys.Master())
	}
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: time.Minute}
	reply, err := client.Do(r)
	if err != nil {
		d.t.Fatal(err)
	}
	defer reply.Body.Close()
	text, err := io.ReadAll(reply.Body)
	if err != nil {
		d.t.Fatal(err)
	}
	return reply.StatusCode, string(text)
}

// until asks until the answer has a text.
func (d *deployed) until(name, path string, status int, want string) {
	d.t.Helper()
	var got int
	var text string
	d.t.Cleanup(func() {
		if d.t.Failed() {
			d.t.Logf("the last answer to %s: %d %s", path, got, text)
		}
	})
	testkit.Eventually(d.t, 30*time.Second, func() bool {
		got, text = d.ask(name, path)
		return got == status && strings.Contains(text, want)
	}, "it answers "+want)
}

// TestDeployedAppsComeAndGo: an app that is made at run time answers under its name, runs
// what is deployed to it with the settings of the moment, stops and starts, is there after
// a restart of the instance, and leaves nothing when it goes.
func TestDeployedAppsComeAndGo(t *testing.T) {
	dir := projectIn(t, anyPorts)
	t.Setenv("WORD", "of who runs it")
	d := deployedIn(t, dir)
	d.put("shop", func(s *site.Spec) { s.Settings = map[string]string{"WORD": "first"} })
	d.until("shop", "/", http.StatusOK, "up and running")
	d.deploy("shop", handlerPackage(t, "one"))
	d.until("shop", "/api/hello", http.StatusOK, "one first shop.azurewebsites.net Production")
	if got, _ := d.ask("SHOP", "/admin/host/status"); got != http.StatusOK {
		t.Errorf("status: %d", got)
	}
	d.put("shop", func(s *site.Spec) { s.Settings["WORD"] = "second" })
	d.until("shop", "/api/hello", http.StatusOK, "one second ")
	if _, published := instanceOf(t, dir).Functions()["shop"]; !published {
		t.Error("the instance does not tell of it")
	}
	if apps := d.App.house.appsShown(); len(apps) != 1 || apps[0].Keys == nil {
		t.Errorf("the portal shows %+v", apps)
	}
	d.put("shop", func(s *site.Spec) { s.Stopped = true })
	d.until("shop", "/api/hello", http.StatusForbidden, "This web app is stopped")
	d.put("shop", func(s *site.Spec) { s.Stopped = false })
	d.stop()
	d = deployedIn(t, dir)
	defer func() { d.stop() }()
	if got, text := d.ask("shop", "/api/hello"); got != http.StatusOK || !strings.HasPrefix(text, "one second ") {
		t.Errorf("after a restart: %d %s", got, text)
	}
	d.deploy("shop", handlerPackage(t, "two"))
	d.until("shop", "/api/hello", http.StatusOK, "two second ")
	address := d.App.house.Doors.address(instance.FunctionsPrefix + "shop")
	if err := d.App.house.Sites.Remove(t.Context(), "shop"); err != nil {
		t.Fatal(err)
	}
	if got, text := d.ask("shop", "/"); got != http.StatusNotFound {
		t.Errorf("one that went: %d %s", got, text)
	}
	if got, err := http.Get("http://" + address + "/"); err == nil { //nolint:noctx // the test's own end ends it
		got.Body.Close()
		t.Error("its port answers")
	}
	left, err := os.ReadDir(filepath.Join(dir, config.DataFolder, sitesFolder))
	if err != nil || len(left) != 0 || len(d.App.house.Exists.Accounts(resource.Sites)) != 0 {
		t.Errorf("left: %v, %v", left, err)
	}
}

// instanceOf is what commands read of an instance, once it says what it does.
func instanceOf(t *testing.T, dir string) instance.Info {
	t.Helper()
	var info instance.Info
	testkit.Eventually(t, time.Minute, func() bool {
		var err error
		info, err = instance.Find(dir)
		return err == nil && len(info.Functions()) > 0 && len(info.Tokens) > 1
	}, "the instance tells of its apps")
	return info
}

// TestDeployedRouteNobodyReaches: a function of a deployed app whose route is another's
// says so before anybody asks for it.
func TestDeployedRouteNobodyReaches(t *testing.T) {
	d := deployedIn(t, projectIn(t, anyPorts))
	defer d.stop()
	d.put("shop", func(*site.Spec) {})
	files := handlerFiles(t, "one")
	files["nod/function.json"] = `{"bindings":[{"type":"httpTrigger","direction":"in","name":"req","route":"hello"},{"type":"http","direction":"out","name":"$return"}]}`
	d.deploy("shop", zipOf(t, files))
	var shown []string
	testkit.Eventually(t, 30*time.Second, func() bool {
		shown = nil
		for _, app := range d.App.house.appsShown() {
			for _, f := range app.Host.Functions() {
				shown = append(shown, fmt.Sprint(f.Name, ": ", f.Err))
			}
		}
		return len(shown) == 2
	}, "the app runs")
	if got, want := strings.Join(shown, "\n"), "hello: <nil>\nnod: route \"hello\": function hello answers it already"; !strings.HasPrefix(got, want) {
		t.Errorf("%s\nwant %s", got, want)
	}
	d.until("shop", "/admin/host/status", http.StatusOK, `"errors":["nod: route`)
}

// TestDeployedAppsOfTheProject: a name of the project file is not another app's.
func TestDeployedAppsOfTheProject(t *testing.T) {
	dir := projectIn(t, strings.Replace(anyPorts, "functions: {port: 0}", "functions: {port: 0, apps: {shop: {path: ., disabled: true}}}", 1))
	d := deployedIn(t, dir)
	defer d.stop()
	_, err := d.App.house.Sites.Put(t.Context(), "Shop", func(*site.Spec, bool) error { return nil })
	if err == nil || !strings.Contains(err.Error(), "declares a function app of this name") {
		t.Error(err)
	}
}
