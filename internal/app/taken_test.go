package app

import (
	"errors"
	"net"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/lazuli-dev/lazuli/internal/door"
	"github.com/lazuli-dev/lazuli/internal/instance"
)

// TestTakenPortNamesItsLazuli, and how to stop it; another program is not known.
func TestTakenPortNamesItsLazuli(t *testing.T) {
	t.Setenv("LAZULI_RUN_DIR", t.TempDir())
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	port := uint16(l.Addr().(*net.TCPAddr).Port)
	open := func() string {
		t.Helper()
		_, err := door.New(door.Options{Listen: "127.0.0.1"}).Open(door.Port{Title: "Portal", Key: "portal.port", Port: port})
		if err = withOwner(withRemedy(err)); !errors.Is(err, syscall.EADDRINUSE) {
			t.Fatalf("%v", err)
		}
		return err.Error()
	}
	if got := open(); !strings.Contains(got, "in use by another program; stop that one, set portal.port in lazuli.yaml") {
		t.Errorf("another program: %s", got)
	}
	dir := t.TempDir()
	other := instance.Info{Name: "solar", Dir: dir, DataDir: dir, PID: os.Getpid(), Addresses: map[string]string{"portal": l.Addr().String()}}
	if err := instance.Write(other); err != nil {
		t.Fatal(err)
	}
	if got, want := open(), "in use by the lazuli that runs solar in "+dir+" (process "+strconv.Itoa(os.Getpid())+"); stop that one with Ctrl-C where it runs, set portal.port"; !strings.Contains(got, want) {
		t.Errorf("another lazuli: %s", got)
	}
}
