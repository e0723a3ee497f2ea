package wire

import (
	"context"
	"errors"
	"testing"
	"time"
)

func TestInterceptDelayEndsWithTheRequest(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var i Intercept
	i.Add(Rule{Delay: time.Hour})
	if _, err := i.Before(ctx, "item.read"); !errors.Is(err, context.Canceled) {
		t.Errorf("the delay outlived its request: %v", err)
	}
}

// TestInterceptHits: Nth and Times say which requests of an operation a rule hits; the
// first rule that hits decides, and those behind it have counted the request too.
func TestInterceptHits(t *testing.T) {
	first, second := errors.New("first"), errors.New("second")
	var i Intercept
	i.Add(Rule{Operation: "a", Nth: 2, Times: 2, Refuse: first})
	i.Add(Rule{Nth: 3, Times: -1, Refuse: second})
	for n, want := range []error{nil, first, first, second, second} {
		if _, err := i.Before(t.Context(), "a"); !errors.Is(err, want) {
			t.Errorf("request %d: %v, want %v", n+1, err, want)
		}
	}
	if _, err := i.Before(t.Context(), "b"); !errors.Is(err, second) {
		t.Errorf("another operation: %v", err)
	}
	i.Clear()
	i.Add(Rule{LoseReply: true})
	if lose, err := i.Before(t.Context(), "b"); !lose || err != nil {
		t.Errorf("lose %v, %v", lose, err)
	}
	if lose, err := (*Intercept)(nil).Before(t.Context(), "b"); lose || err != nil {
		t.Error("no interceptor did something")
	}
}
