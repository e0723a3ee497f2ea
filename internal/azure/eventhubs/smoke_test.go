package eventhubs

import "testing"

func TestSendAndReceiveRaw(t *testing.T) {
	w := newWorld(t, nil)
	s := w.root()
	if err := w.sendRaw(s, "hub/Partitions/0", 0, event("one")); err != nil {
		t.Fatal(err)
	}
	in, err := w.receive(s, partition0, 10, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := in.bodies(1); got[0] != "one" {
		t.Errorf("%q", got)
	}
}
