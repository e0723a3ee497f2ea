package app

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/lazuli-dev/lazuli/internal/config"
	"github.com/lazuli-dev/lazuli/internal/localca"
	"github.com/lazuli-dev/lazuli/internal/testkit"
)

func TestDualListenerSpeaksBoth(t *testing.T) {
	testkit.NoLeaks(t)
	ca, err := localca.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	cert, err := ca.Server([]string{"127.0.0.1"})
	if err != nil {
		t.Fatal(err)
	}
	l := newDualListener(testkit.Listen(t), &tls.Config{Certificates: []tls.Certificate{cert}, NextProtos: []string{"h2", "http/1.1"}})
	srv := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, r.Proto)
	})}
	served := make(chan error, 1)
	go func() { served <- srv.Serve(l) }()

	silent, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()

	client := &http.Client{Transport: &http.Transport{
		TLSClientConfig:   &tls.Config{InsecureSkipVerify: true}, //nolint:gosec // the sniffing is under test, not trust
		ForceAttemptHTTP2: true,
	}}
	for scheme, want := range map[string]string{"http": "HTTP/1.1", "https": "HTTP/2.0"} {
		resp, err := client.Get(scheme + "://" + l.Addr().String())
		if err != nil {
			t.Errorf("%s: %v", scheme, err)
			continue
		}
		got, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		if string(got) != want {
			t.Errorf("%s: %q, want %q", scheme, got, want)
		}
	}
	client.CloseIdleConnections()
	srv.Close()
	if err := <-served; !errors.Is(err, http.ErrServerClosed) {
		t.Errorf("Serve: %v", err)
	}
}

func TestPortInUseNamesTheWayOut(t *testing.T) {
	l := testkit.Listen(t)
	port := config.Port(l.Addr().(*net.TCPAddr).Port)
	_, err := listen("127.0.0.1", port, "Cosmos DB", "cosmos.port")
	if err == nil || !strings.Contains(err.Error(), "Cosmos DB: port") || !strings.Contains(err.Error(), "cosmos.port") {
		t.Errorf("error %v does not name service and key", err)
	}
}
