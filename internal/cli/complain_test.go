package cli

import (
	"bytes"
	"errors"
	"testing"
)

// TestErrorsDriveNoTerminal: what a server answers hides and colours nothing.
func TestErrorsDriveNoTerminal(t *testing.T) {
	var out bytes.Buffer
	s := &session{stdio: newStdio(nil, &out, &out)}
	s.complain(errors.New("the query was refused: \x1b[8mhidden\x1b[0m\x1b]0;owned\x07\nline 2"))
	if got, want := out.String(), `lazuli: the query was refused: \x1b[8mhidden\x1b[0m\x1b]0;owned\x07`+"\nline 2\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
