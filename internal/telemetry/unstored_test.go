package telemetry

import (
	"errors"
	"testing"

	"github.com/lazuli-dev/lazuli/internal/broker"
	"github.com/lazuli-dev/lazuli/internal/fault"
)

// TestUnstored: a hub whose appends fail is known until one works; what is
// refused for what it is says nothing about the disk.
func TestUnstored(t *testing.T) {
	c := New()
	fails := func(err error) { c.FromBroker(broker.AppendFailed{Namespace: 1, Hub: "Orders", Err: err}) }
	fails(fault.New(fault.TooLarge, "orders", "too large"))
	if got := c.Unstored(); got != nil {
		t.Errorf("a refusal: %v", got)
	}
	full := fault.New(fault.Unavailable, "orders", "nothing was stored: no space left on device")
	fails(full)
	fails(full)
	if got := c.Unstored(); len(got) != 1 || got[0].Count != 2 || got[0].Hub != "Orders" || !errors.Is(got[0].Err, full) {
		t.Errorf("a full disk: %v", got)
	}
	c.FromBroker(broker.Appended{Namespace: 2, Hub: "orders", Count: 1})
	if got := c.Unstored(); len(got) != 1 {
		t.Errorf("another namespace's hub works: %v", got)
	}
	c.FromBroker(broker.Appended{Namespace: 1, Hub: "orders", Count: 1})
	if got := c.Unstored(); got != nil {
		t.Errorf("it works again: %v", got)
	}
}
