package blob

import (
	"net/http"
	"net/netip"
	"testing"
)

func TestReach(t *testing.T) {
	for text, want := range map[string]reach{
		"8.8.8.8": reachAnywhere, "2606:4700::1": reachAnywhere,
		"10.0.0.1": reachNetwork, "192.168.1.1": reachNetwork, "172.16.0.1": reachNetwork, "100.64.0.1": reachNetwork, "fd00::1": reachNetwork,
		"127.0.0.1": reachMachine, "127.9.9.9": reachMachine, "::1": reachMachine, "::ffff:127.0.0.1": reachMachine,
		"169.254.169.254": reachNobody, "fe80::1": reachNobody, "0.0.0.0": reachNobody, "::": reachNobody, "224.0.0.1": reachNobody,
	} {
		if got := reachOf(netip.MustParseAddr(text)); got != want {
			t.Errorf("%s: %d, want %d", text, got, want)
		}
	}
	for remote, want := range map[string]reach{"127.0.0.1:1": reachMachine, "10.0.0.1:1": reachNetwork, "8.8.8.8:1": reachAnywhere, "": reachAnywhere, "[fe80::1]:1": reachMachine} {
		if got := reachOfClient(&http.Request{RemoteAddr: remote}); got != want {
			t.Errorf("client %q: %d, want %d", remote, got, want)
		}
	}
}
