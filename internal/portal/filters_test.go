package portal_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lazuli-dev/lazuli/internal/portal"
	"github.com/lazuli-dev/lazuli/internal/portal/dashboard"
	"github.com/lazuli-dev/lazuli/internal/portal/portaltest"
	"github.com/lazuli-dev/lazuli/internal/testkit"
)

func filtersAt(t *testing.T, path string) *portaltest.Lab {
	return portaltest.ServeConfig(t, portal.Config{Boards: dashboard.New(dashboard.Options{}), Filters: portal.OpenFilters(path)})
}

// TestFiltersAreKept on the disk before the answer, for their owner only.
func TestFiltersAreKept(t *testing.T) {
	testkit.NoLeaks(t)
	path := filepath.Join(t.TempDir(), "portal", "filters.json")
	l := filtersAt(t, path)
	names := func(l *portaltest.Lab, page string) (all string) {
		t.Helper()
		code, got := l.Do("GET", "/api/filters?page="+page, "")
		if code != 200 {
			t.Fatalf("list: %d %v", code, got)
		}
		for _, f := range got["filters"].([]any) {
			all += fmt.Sprintf("%v=%v;", f.(map[string]any)["name"], f.(map[string]any)["q"])
		}
		return all
	}
	save := func(page, name, q string) (int, map[string]any) {
		return l.Do("PUT", "/api/filters", fmt.Sprintf(`{"page":%q,"name":%q,"q":%q}`, page, name, q))
	}
	if got := names(l, "logs"); got != "" {
		t.Errorf("at first: %s", got)
	}
	for _, f := range [][3]string{{"logs", "slow", "level:warn"}, {"hubs", "hot", "body.tempC>40"}, {"logs", "고장", `text:"a b"`}, {"logs", "slow", "level:error"}} {
		if code, got := save(f[0], f[1], f[2]); code != 200 {
			t.Errorf("save %v: %d %v", f, code, got)
		}
		again := filtersAt(t, path) // what a process that starts now finds
		if got := names(again, f[0]); !strings.Contains(got, f[1]+"="+f[2]+";") {
			t.Errorf("after %v the file has %s", f, got)
		}
	}
	if got := names(l, "logs"); got != `slow=level:error;고장=text:"a b";` {
		t.Errorf("logs: %s", got)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", info.Mode(), err)
	}
	if code, _ := l.Do("DELETE", "/api/filters?page=logs&name="+url.QueryEscape("고장"), ""); code != 200 || names(l, "logs") != "slow=level:error;" {
		t.Errorf("delete: %d, left %s", code, names(l, "logs"))
	}
	if code, _ := l.Do("DELETE", "/api/filters?page=logs&name=none", ""); code != 404 {
		t.Errorf("delete one that is not there: %d", code)
	}
}

func TestFiltersHaveLimits(t *testing.T) {
	testkit.NoLeaks(t)
	path := filepath.Join(t.TempDir(), "filters.json")
	l := filtersAt(t, path)
	save := func(page, name, q string) int {
		code, _ := l.Do("PUT", "/api/filters", fmt.Sprintf(`{"page":%q,"name":%q,"q":%q}`, page, name, q))
		return code
	}
	for want, f := range map[int][][3]string{
		400: {{"../x", "a", "b"}, {"logs", "", "b"}, {"logs", " a", "b"}, {"logs", "a\nb", "b"}, {"logs", "a", ""}},
		413: {{"logs", strings.Repeat("a", 81), "b"}, {"logs", "a", strings.Repeat("b", 4<<10+1)}, {"logs", "a", strings.Repeat("b", 1<<20)}},
	} {
		for _, one := range f {
			if code := save(one[0], one[1], one[2]); code != want {
				t.Errorf("save %.40v: %d, want %d", one, code, want)
			}
		}
	}
	var all []portal.Filter
	for i := range 199 {
		all = append(all, portal.Filter{Page: "logs", Name: fmt.Sprintf("%03d", i), Q: "x"})
	}
	text, err := json.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	l = filtersAt(t, path)
	if code := save("logs", "the last", "x"); code != 200 {
		t.Errorf("filter 200: %d", code)
	}
	if code := save("hubs", "one more", "x"); code != 413 {
		t.Errorf("filter 201: %d", code)
	}
	if code := save("logs", "000", "y"); code != 200 {
		t.Errorf("another text for filter 0: %d", code)
	}
	// A file that somebody broke is shown, and not written over.
	if err := os.WriteFile(path, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	l = filtersAt(t, path)
	if code, got := l.Do("GET", "/api/filters?page=logs", ""); code != 409 || !strings.Contains(fmt.Sprint(got["error"]), path) {
		t.Errorf("a broken file: %d %v", code, got)
	}
	if code := save("logs", "a", "b"); code != 409 {
		t.Errorf("save over a broken file: %d", code)
	}
}

const filterChild = "LAZULI_TEST_FILTER_CHILD"

// TestFilterChild is the process that TestFiltersOutliveAKill ends.
func TestFilterChild(t *testing.T) {
	path := os.Getenv(filterChild)
	if path == "" {
		t.Skip("it is the child that another test starts")
	}
	p, err := portal.New(portal.Config{Boards: dashboard.New(dashboard.Options{}), Filters: portal.OpenFilters(path), Log: testkit.Discard()})
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(p)
	defer srv.Close()
	fmt.Println(srv.URL)
	<-t.Context().Done() // until it is killed
}

// TestFiltersOutliveAKill that comes as soon as the answer is there.
func TestFiltersOutliveAKill(t *testing.T) {
	path := filepath.Join(t.TempDir(), "filters.json")
	for i := range 5 {
		child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestFilterChild$")
		child.Env = append(os.Environ(), filterChild+"="+path)
		out, err := child.StdoutPipe()
		if err == nil {
			err = child.Start()
		}
		if err != nil {
			t.Fatal(err)
		}
		address, err := bufio.NewReader(out).ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		req, err := http.NewRequestWithContext(t.Context(), "PUT", strings.TrimSpace(address)+"/api/filters", strings.NewReader(fmt.Sprintf(`{"page":"logs","name":"n%d","q":"x"}`, i)))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/json")
		reply, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		if err := child.Process.Kill(); err != nil {
			t.Error(err)
		}
		reply.Body.Close()
		_ = child.Wait() // it was killed
		if kept, err := portal.OpenFilters(path).Of("logs"); reply.StatusCode != 200 || err != nil || len(kept) != i+1 {
			t.Fatalf("after kill %d: %v, %v", i, kept, err)
		}
	}
}
