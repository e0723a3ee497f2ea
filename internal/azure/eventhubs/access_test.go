package eventhubs

import (
	"context"
	"sync"

	"github.com/lazuli-dev/lazuli/internal/fault"
)

// fakeAccess is an Access that a test holds in its hand.
type fakeAccess struct {
	mu      sync.Mutex
	rules   []Rule                       // guarded by mu
	noLocal bool                         // guarded by mu
	verify  func(string) (Bearer, error) // guarded by mu; nil refuses
	changed chan struct{}                // guarded by mu
}

func newFakeAccess(rules ...Rule) *fakeAccess {
	return &fakeAccess{rules: rules, changed: make(chan struct{})}
}

// emulatorRule is the one that connection strings everywhere carry.
func emulatorRule() Rule {
	return Rule{Name: "RootManageSharedAccessKey", Key: "SAS_KEY_VALUE", Rights: Manage}
}

func (a *fakeAccess) Rules() ([]Rule, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.rules, !a.noLocal
}

func (a *fakeAccess) Verify(_ context.Context, token string) (Bearer, error) {
	a.mu.Lock()
	verify := a.verify
	a.mu.Unlock()
	if verify == nil {
		return Bearer{}, fault.New(fault.Unauthorized, "", "InvalidIssuer: nobody issues tokens here.")
	}
	return verify(token)
}

func (a *fakeAccess) Changed() <-chan struct{} {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.changed
}

// change edits what counts and tells those who watch.
func (a *fakeAccess) change(edit func(a *fakeAccess)) {
	a.mu.Lock()
	defer a.mu.Unlock()
	edit(a)
	close(a.changed)
	a.changed = make(chan struct{})
}
