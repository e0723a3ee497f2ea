package app

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"syscall"
	"testing"
)

func TestTooManyFilesHasARemedy(t *testing.T) {
	err := withRemedy(fmt.Errorf("hub h0: %w", &fs.PathError{Op: "open", Path: "x", Err: syscall.EMFILE}))
	if !errors.Is(err, syscall.EMFILE) || !strings.Contains(err.Error(), "ulimit -n 4096") || strings.Contains(err.Error(), "\n") {
		t.Errorf("got %v", err)
	}
	if other := errors.New("x"); withRemedy(other) != other { //nolint:errorlint // it must be the same
		t.Error("another error was changed")
	}
}
