//go:build unix

package dashboard

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// TestANamedPipeStopsNothing: a file of the folder that a read would wait in for
// ever has its mistake, and the other dashboards are there.
func TestANamedPipeStopsNothing(t *testing.T) {
	dir := project(t, map[string]string{"b.json": `{"name":"b","datasets":{},"tiles":[]}`})
	pipe := filepath.Join(dir, "a.json")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Skip(err)
	}
	made := make(chan *Set, 1)
	go func() { made <- New(Options{Dir: dir}) }()
	select {
	case s := <-made:
		if all := s.Boards(); len(all) != 2 || len(all[0].Problems) != 1 || all[1].Name != "b" {
			t.Errorf("%+v", all)
		}
	case <-time.After(5 * time.Second):
		w, err := os.OpenFile(pipe, os.O_WRONLY, 0) // lets the reader go
		if err == nil {
			w.Close()
		}
		t.Fatal("the folder's reading hangs in a named pipe")
	}
}
