package app

import (
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/lazuli-dev/lazuli/internal/instance"
	"github.com/lazuli-dev/lazuli/internal/page/queues"
	"github.com/lazuli-dev/lazuli/internal/page/tables"
	"github.com/lazuli-dev/lazuli/internal/testkit"
)

// TestStoragePagesAreGuarded: every address of the portal's queues and tables asks who
// calls, and refuses other hosts' names and orders of other sites.
func TestStoragePagesAreGuarded(t *testing.T) {
	testkit.NoLeaks(t)
	inHouse(t, "portal: {password: a long enough one}\n", nil, func(r *rig) {
		pages := slices.Concat(queues.Pages(queues.Config{}), tables.Pages(tables.Config{}))
		routes := 0
		for i := range pages {
			for _, route := range pages[i].Routes {
				routes++
				method, path, _ := strings.Cut(regexp.MustCompile(`\{\w+\}`).ReplaceAllString(route.Pattern, "x"), " ")
				at := r.url(instance.Portal) + path
				if code := status(t, method, at, nil); code != 401 {
					t.Errorf("%s: nobody signed in: %d", route.Pattern, code)
				}
				if code := status(t, method, at, func(q *http.Request) { q.Host = "evil.example" }); code != 421 && code != 403 {
					t.Errorf("%s: another host's name: %d", route.Pattern, code)
				}
				if code := status(t, method, at, func(q *http.Request) { q.Header.Set("Sec-Fetch-Site", "cross-site") }); code != 403 && method != "GET" {
					t.Errorf("%s: an order of another site: %d", route.Pattern, code)
				}
			}
		}
		if routes < 17 {
			t.Errorf("%d routes", routes)
		}
	})
}

func status(t *testing.T, method, url string, change func(*http.Request)) int {
	t.Helper()
	q, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader("{}"))
	if err != nil {
		t.Fatal(err)
	}
	q.Header.Set("Content-Type", "application/json")
	if change != nil {
		change(q)
	}
	res, err := http.DefaultClient.Do(q)
	if err != nil {
		t.Fatal(err)
	}
	if err := res.Body.Close(); err != nil {
		t.Error(err)
	}
	return res.StatusCode
}
