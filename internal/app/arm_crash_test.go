package app

import (
	"context"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/lazuli-dev/lazuli/internal/arm"
)

// crashes end the hooks of Resource Manager's types in the middle, as a crash does.
type crashes struct{ now atomic.Int32 }

// Where a hook ends.
const (
	nowhere = iota
	before  // the intent is kept, nothing is done
	after   // all is done, and nobody has heard of it
)

func (c *crashes) into(m *arm.Manager) {
	around := func(do func(context.Context, *arm.Call) error) func(context.Context, *arm.Call) error {
		if do == nil {
			return nil
		}
		return func(ctx context.Context, call *arm.Call) error {
			if c.now.Load() == before {
				panic("a crash before")
			}
			err := do(ctx, call)
			if err == nil && c.now.Load() == after {
				panic("a crash after")
			}
			return err
		}
	}
	for _, t := range m.Types() {
		t.Put, t.Delete = around(t.Put), around(t.Delete)
	}
}

// crashed is a house whose requests to Resource Manager can end in the middle.
type crashed struct {
	armClient
	crashes *crashes
	dir     string
	house   *deployed
}

func (c *crashed) start(t *testing.T) {
	t.Helper()
	c.house = deployedIn(t, c.dir)
	c.crashes = &crashes{}
	c.crashes.into(c.house.App.house.Manager)
	c.armClient = (&rig{t: t, app: c.house.App, info: c.house.info}).arm()
}

// middle sends a request that ends in the middle of the type's hook, and reports
// whether it did; without one it is simply done.
func (c *crashed) middle(n int, method string, one armCase) (ended, refused bool) {
	c.crashes.now.Store(int32(before + n%2)) //nolint:gosec // one of two
	defer c.crashes.now.Store(nowhere)
	code, b := c.do(method, one.path(), one.body)
	return code == 501 && b.Text("error", "code") == "InternalServerError", code >= 400
}

// TestCrashOfEveryType ends the making and the deleting of a resource of every type in
// the middle. After the next start there is nothing of it, and the same request
// succeeds: what an apply begins anew converges. Half of them end before anything was
// done, half when all was.
func TestCrashOfEveryType(t *testing.T) {
	c := &crashed{dir: projectIn(t, anyPorts+"arm: true\n")}
	c.start(t)
	defer func() { c.house.stop() }()
	if code, b := c.do("PUT", "/S/resourceGroups/rg", `{"location":"westeurope"}`); code != 201 {
		t.Fatalf("the group: %d %v", code, b)
	}
	kinds := map[string]bool{}
	left := slices.DeleteFunc(armCases(), func(one armCase) bool { return one.fixed })
	c.rounds(t, left, func(n int, one armCase, _ []armCase) (ended, refused bool) {
		if one.stay {
			code, _ := c.do("PUT", one.path(), one.body)
			return false, code >= 400
		}
		return c.middle(n, "PUT", one)
	}, func(one armCase) {
		kinds[one.path()] = true
		c.comes(one)
	})
	if len(kinds) < 25 {
		t.Errorf("only %d resources were in the middle of something", len(kinds))
	}
	left = slices.DeleteFunc(armCases(), func(one armCase) bool { return one.fixed || one.stay })
	slices.Reverse(left)
	c.rounds(t, left, func(n int, one armCase, rest []armCase) (ended, refused bool) {
		if slices.ContainsFunc(rest, func(in armCase) bool { return strings.HasPrefix(in.path(), one.path()+"/") }) {
			return false, true // what is in it first
		}
		return c.middle(n, "DELETE", one)
	}, func(one armCase) {
		if code, b := c.do("GET", one.path(), ""); code != 404 {
			t.Errorf("GET %s after a crash while deleting: %d %v", one.path(), code, b)
		}
	})
	if code, b := c.do("GET", "/S/resourceGroups/rg/resources", ""); code != 200 || len(b.List("value")) != 0 {
		t.Errorf("left in the group: %d %v", code, b)
	}
}

// rounds sends all that can be sent, starts the house anew, and looks at what had
// ended in the middle, until nothing is left.
func (c *crashed) rounds(t *testing.T, left []armCase, send func(n int, one armCase, rest []armCase) (ended, refused bool), look func(armCase)) {
	t.Helper()
	for len(left) > 0 && !t.Failed() {
		var later, ended []armCase
		for n, one := range left {
			in, refused := send(n, one, left)
			switch {
			case in:
				ended = append(ended, one)
			case refused:
				later = append(later, one)
			}
		}
		if len(later) == len(left) {
			t.Fatalf("%s and %d more are refused for ever", later[0].path(), len(later)-1)
		}
		c.house.stop()
		c.start(t)
		for _, one := range ended {
			look(one)
		}
		left = later
	}
}
