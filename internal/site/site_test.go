package site

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lazuli-dev/lazuli/internal/fault"
)

// TestLife: a site is empty until something is deployed, runs that, begins anew with
// other settings and by order, stops, and is there after a restart of the instance; when
// it goes nothing of it is left.
func TestLife(t *testing.T) {
	r := newRig(t)
	r.put(func(s *Spec) { s.Settings = map[string]string{"A": "1"} })
	r.untilPhase(Empty)
	if d := r.deploy(zipOf(t, "one"), Upload{Deployer: "test"}); d.Status != StatusSuccess || !d.Active || d.Deployer != "test" {
		t.Errorf("%+v", d)
	}
	if spec := r.untilCode("one"); spec.Setting("a") != "1" {
		t.Errorf("%+v", spec)
	}
	r.put(func(s *Spec) { s.Settings["A"] = "2" })
	r.until("with other settings", func(State) bool { r.mu.Lock(); defer r.mu.Unlock(); return len(r.runs) == 2 })
	if spec := r.untilCode("one"); spec.Setting("A") != "2" {
		t.Errorf("%+v", spec)
	}
	r.put(func(s *Spec) { s.Publishing.NoBasic = true }) // nothing that an app sees
	if err := r.Restart("SHOP"); err != nil {
		t.Fatal(err)
	}
	r.until("begun anew", func(State) bool { r.mu.Lock(); defer r.mu.Unlock(); return len(r.runs) == 3 })
	r.deploy(zipOf(t, "two"), Upload{})
	r.untilCode("two")
	all, err := r.Deployments("shop")
	if err != nil || len(all) != 2 || !all[0].Active || all[1].Active {
		t.Errorf("%+v, %v", all, err)
	}
	for folder, want := range map[string]int{"data/SitePackages": 2, "code": 1, "deployments": 2, "incoming": 0} {
		if left, err := os.ReadDir(filepath.Join(r.o.Dir, "shop", folder)); err != nil || len(left) != want {
			t.Errorf("%s: %v, %v", folder, left, err)
		}
	}
	r.stop()
	r.open()
	r.untilCode("two")
	r.put(func(s *Spec) { s.Stopped = true })
	r.untilPhase(Stopped)
	if err := r.Sites.Remove(t.Context(), "Shop"); err != nil {
		t.Fatal(err)
	}
	if _, there := r.Get("shop"); there || len(r.specs) != 0 {
		t.Error("it is there")
	}
	if left, err := os.ReadDir(r.o.Dir); err != nil || len(left) != 0 {
		t.Errorf("%v is left, %v", left, err)
	}
	if err := r.Sites.Remove(t.Context(), "shop"); !fault.Is(err, fault.NotFound) {
		t.Error(err)
	}
}

// TestPackageElsewhere: a package is fetched as the site's identity, or as nobody when
// its address opens it; one that may not be fetched is tried again when a role was given.
func TestPackageElsewhere(t *testing.T) {
	r := newRig(t)
	const at = "https://store.blob.core.windows.net/deployments/app.zip"
	r.refuse = fault.Wrap(fault.Forbidden, "", errRefused, "403")
	r.put(func(s *Spec) {
		s.Settings, s.Identity.System = map[string]string{"website_run_from_package": at}, true
	})
	if s := r.untilPhase(Failed); !strings.Contains(s.Err.Error(), "package "+at) || !errors.Is(s.Err, errRefused) {
		t.Error(s.Err)
	}
	r.mu.Lock()
	if as := r.asked[0]; as.Site != "shop" || as.Anyone || as.Identity != "" {
		t.Errorf("%+v", as)
	}
	r.refuse, r.blobs[at] = nil, zipOf(t, "there")
	close(r.sooner)
	r.sooner = make(chan struct{})
	r.mu.Unlock()
	r.untilCode("there")
	r.blobs[at+"?sv=1&sig=x"] = zipOf(t, "signed")
	r.put(func(s *Spec) {
		s.Settings[RunFromPackage] = at + "?sv=1&sig=x"
		delete(s.Settings, "website_run_from_package")
	})
	r.untilCode("signed")
	if s := r.untilPhase(Running); s.From != at {
		t.Errorf("it is from %q", s.From)
	}
	if as := r.asked[len(r.asked)-1]; !as.Anyone {
		t.Errorf("%+v", as)
	}
	r.mu.Lock()
	r.blobs[at+"?sv=1&sig=x"] = zipOf(t, "newer")
	r.mu.Unlock()
	if err := r.Restart("shop"); err != nil {
		t.Fatal(err)
	}
	r.untilCode("newer")
	r.put(func(s *Spec) {
		s.Settings = map[string]string{RunFromPackage: at, runFromPackageIdentity: "/subscriptions/S/providers/x/userAssignedIdentities/mine"}
	})
	r.untilCode("there")
	if as := r.asked[len(r.asked)-1]; as.Identity != "mine" {
		t.Errorf("%+v", as)
	}
}

// TestFlex: what is published goes into the container and comes from there.
func TestFlex(t *testing.T) {
	r := newRig(t)
	const at = "https://store.blob.core.windows.net/deployments"
	r.put(func(s *Spec) {
		s.Runtime, s.Container = "python", &Container{URL: at + "/", Auth: AuthConnection, Setting: "DEPLOY"}
		s.Settings = map[string]string{"DEPLOY": "AccountKey=x"}
	})
	r.untilPhase(Empty)
	if d := r.deploy(zipOf(t, "one"), Upload{}); d.Status != StatusSuccess {
		t.Errorf("%+v", d)
	}
	spec := r.untilCode("one")
	if r.blobs[at+"/"+ReleasedPackage] == nil || r.asked[len(r.asked)-1].Key != "AccountKey=x" {
		t.Errorf("%v %+v", len(r.blobs), r.asked)
	}
	if env := spec.Environment(); env["FUNCTIONS_WORKER_RUNTIME"] != "python" {
		t.Errorf("%v", env)
	}
	r.mu.Lock()
	r.refuse = errRefused
	r.mu.Unlock()
	if d := r.deploy(zipOf(t, "two"), Upload{}); d.Status != StatusFailed || !strings.Contains(d.Why, "write the package to "+at) {
		t.Errorf("%+v", d)
	}
}

// TestBuild: a deployment builds where it is told to, and one whose build fails changes
// nothing.
func TestBuild(t *testing.T) {
	r := newRig(t)
	r.put(func(s *Spec) { s.Settings = map[string]string{buildDuringDeployment: "1"} })
	if d := r.deploy(zipOf(t, "built"), Upload{}); d.Status != StatusSuccess || !strings.Contains(logOf(d), "building") {
		t.Errorf("%+v", d)
	}
	r.untilCode("built")
	no := false
	if d := r.deploy(zipOf(t, "as it is"), Upload{Build: &no}); d.Build || strings.Contains(logOf(d), "building") {
		t.Errorf("%+v", d)
	}
	r.untilCode("as it is")
	r.build = errors.New("no matching distribution")
	if d := r.deploy(zipOf(t, "bad"), Upload{}); d.Status != StatusFailed || !strings.Contains(d.Why, "no matching") {
		t.Errorf("%+v", d)
	}
	if d := r.deploy([]byte("no zip"), Upload{}); d.Status != StatusFailed || !strings.Contains(d.Why, "no zip file") {
		t.Errorf("%+v", d)
	}
	r.untilCode("as it is")
	for _, c := range []struct{ during, oryx string }{{"", ""}, {"false", "true"}, {"true", "false"}} {
		if (Spec{Settings: map[string]string{buildDuringDeployment: c.during, oryxBuild: c.oryx}}).builds() {
			t.Errorf("%v builds", c)
		}
	}
}

// TestOneDeploymentAtATime: a second one is refused while the first is received.
func TestOneDeploymentAtATime(t *testing.T) {
	r := newRig(t)
	r.put(func(*Spec) {})
	body, feed := io.Pipe()
	first := make(chan error, 1)
	go func() {
		_, err := r.Deploy(t.Context(), "shop", Upload{Body: body, Size: -1})
		first <- err
	}()
	if _, err := feed.Write(zipOf(t, "one")); err != nil {
		t.Fatal(err)
	}
	_, err := r.Deploy(t.Context(), "shop", Upload{Body: bytes.NewReader(nil), Size: 0})
	if !fault.Is(err, fault.Conflict) || !strings.Contains(err.Error(), "There is a deployment currently in progress") {
		t.Error(err)
	}
	feed.Close()
	if err := <-first; err != nil {
		t.Error(err)
	}
	r.untilCode("one")
	if _, err := r.Deploy(t.Context(), "other", Upload{}); !fault.Is(err, fault.NotFound) {
		t.Error(err)
	}
	if _, err := r.Deploy(t.Context(), "shop", Upload{Size: MaxPackage + 1}); !fault.Is(err, fault.TooLarge) {
		t.Error(err)
	}
	if _, err := r.Deploy(t.Context(), "shop", Upload{Size: 5, Body: strings.NewReader("abc")}); !fault.Is(err, fault.Unavailable) {
		t.Error(err)
	}
}

// TestCutOff: what a crash left is cleaned up at the next start, and a deployment that
// it cut off has failed.
func TestCutOff(t *testing.T) {
	r := newRig(t)
	r.put(func(*Spec) {})
	r.deploy(zipOf(t, "one"), Upload{})
	r.untilCode("one")
	r.stop()
	home := filepath.Join(r.o.Dir, "shop")
	k := r.find("shop")
	if err := k.record(&Deployment{ID: "cut-off-by-a-crash", Status: StatusDeploying}); err != nil {
		t.Fatal(err)
	}
	for _, folder := range []string{"shop/incoming/x", "shop/code/.unpacking-1/x", "gone/data"} {
		if err := os.MkdirAll(filepath.Join(r.o.Dir, folder), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	r.open()
	r.untilCode("one")
	if d, err := r.Deployment("shop", "cut-off-by-a-crash"); err != nil || d.Status != StatusFailed || !strings.Contains(d.Why, "deploy it again") {
		t.Errorf("%+v, %v", d, err)
	}
	for _, folder := range []string{"shop/incoming", "shop/code/.unpacking-1", "gone"} {
		if exists(filepath.Join(r.o.Dir, folder)) {
			t.Errorf("%s is left", folder)
		}
	}
	if err := os.WriteFile(filepath.Join(home, "data", packagesFolder, packageName), []byte("../../secret.zip"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := r.Restart("shop"); err != nil {
		t.Fatal(err)
	}
	if s := r.untilPhase(Failed); !strings.Contains(s.Err.Error(), "no file beside it") {
		t.Error(s.Err)
	}
}

func TestNames(t *testing.T) {
	for name, ok := range map[string]bool{"shop": true, "Shop-1": true, "a": false, "-ab": false, "ab-": false, "a.b": false, "../x": false, "": false, strings.Repeat("a", 61): false} {
		if err := CheckName(name); (err == nil) != ok {
			t.Errorf("%q: %v", name, err)
		}
	}
}

func TestEnvironment(t *testing.T) {
	s := Spec{Settings: map[string]string{"A": "1"}, Connections: map[string]Connection{"db": {"x", "SQLAzure"}, "c": {"y", "Custom"}}}
	env := s.Environment()
	for name, want := range map[string]string{"A": "1", "SQLAZURECONNSTR_db": "x", "CUSTOMCONNSTR_c": "y", "ConnectionStrings__db": "x"} {
		if env[name] != want {
			t.Errorf("%s is %q", name, env[name])
		}
	}
}
