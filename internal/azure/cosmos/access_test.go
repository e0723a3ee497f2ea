package cosmos

import (
	"context"
	"sync"

	"github.com/lazuli-dev/lazuli/internal/fault"
)

// fakeAccess is an Access that a test holds in its hand.
type fakeAccess struct {
	mu     sync.Mutex
	keys   Keys                         // guarded by mu
	verify func(string) (Bearer, error) // guarded by mu; nil refuses
}

func (a *fakeAccess) Keys() Keys {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.keys
}

func (a *fakeAccess) Verify(_ context.Context, token string) (Bearer, error) {
	a.mu.Lock()
	verify := a.verify
	a.mu.Unlock()
	if verify == nil {
		return Bearer{}, fault.New(fault.Unauthorized, "", "nobody issues tokens here")
	}
	return verify(token)
}

// change edits what counts.
func (a *fakeAccess) change(edit func(a *fakeAccess)) {
	a.mu.Lock()
	defer a.mu.Unlock()
	edit(a)
}

// withKey is the access of an account that has one key.
func withKey(key string) *fakeAccess { return &fakeAccess{keys: Keys{Primary: key}} }
