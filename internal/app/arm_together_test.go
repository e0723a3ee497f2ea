package app

import (
	"slices"
	"sync"
	"testing"

	"github.com/lazuli-dev/lazuli/internal/testkit"
)

// TestTwoAppliesAtOnce makes a resource of every type from two clients at the same time
// and lets both destroy: nobody is told of a fault of the server, what is there in
// between is whole, and nothing is left.
func TestTwoAppliesAtOnce(t *testing.T) {
	testkit.NoLeaks(t)
	inHouse(t, "arm: true", nil, func(r *rig) {
		clients := []armClient{r.arm(), r.arm()}
		cases := armCases()
		both := func(do func(c armClient)) {
			var all sync.WaitGroup
			for _, c := range clients {
				all.Go(func() { do(c) })
			}
			all.Wait()
		}
		both(func(c armClient) {
			c.do("PUT", "/S/resourceGroups/rg", `{"location":"westeurope","tags":{"a":"b"}}`)
			for _, one := range cases {
				if one.fixed {
					continue
				}
				if code, b := c.do("PUT", one.path(), one.body); code != 200 && code != 201 {
					t.Errorf("PUT %s: %d %v", one.path(), code, b)
				}
			}
		})
		for _, one := range cases {
			code, b := clients[0].do("GET", one.path(), "")
			if code != 200 {
				t.Errorf("GET %s: %d %v", one.path(), code, b)
			}
			clients[0].holds("GET "+one.path(), b, one.want)
		}
		both(func(c armClient) {
			for _, one := range slices.Backward(cases) {
				if one.stay || one.fixed {
					continue
				}
				if code, b := c.do("DELETE", one.path(), ""); code > 204 && code != 404 {
					t.Errorf("DELETE %s: %d %v", one.path(), code, b)
				}
			}
		})
		if code, b := clients[0].do("GET", "/S/resourceGroups/rg/resources", ""); code != 200 || len(b.List("value")) != 0 {
			t.Errorf("left in the group: %d %v", code, b)
		}
		both(func(c armClient) {
			if code, b := c.do("DELETE", "/S/resourceGroups/rg", ""); code != 200 && code != 404 {
				t.Errorf("DELETE of the group: %d %v", code, b)
			}
		})
	})
}
