package output

import (
	"context"
	"sync"
)

// Opened keeps what outputs have opened, so that an invocation opens nothing.
// What failed is forgotten: it may have been replaced under its name.
type Opened[K comparable, S any] struct {
	mu    sync.Mutex
	byKey map[K]S // guarded by mu
}

// Use calls f with what the key stands for, opened when it is the first time.
func (o *Opened[K, S]) Use(ctx context.Context, key K, open func(context.Context) (S, error), f func(S) error) error {
	o.mu.Lock()
	s, ok := o.byKey[key]
	o.mu.Unlock()
	if !ok {
		var err error
		if s, err = open(ctx); err != nil {
			return err
		}
		o.mu.Lock()
		if o.byKey == nil {
			o.byKey = map[K]S{}
		}
		o.byKey[key] = s
		o.mu.Unlock()
	}
	err := f(s)
	if err != nil {
		o.mu.Lock()
		delete(o.byKey, key)
		o.mu.Unlock()
	}
	return err
}
