package functions

import (
	"net"
	"reflect"
	"testing"
)

// listen opens a port of its own, which is closed when the test ends.
func listen(t testing.TB) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l
}

// same fails the test where two values differ. The module needs no library that
// only its tests would use: its users would get the requirement as well.
func same(t testing.TB, what string, want, got any) {
	t.Helper()
	if !reflect.DeepEqual(want, got) {
		t.Errorf("%s\ngot  %#v\nwant %#v", what, got, want)
	}
}
