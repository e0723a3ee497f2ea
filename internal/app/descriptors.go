package app

import (
	"errors"
	"fmt"
	"syscall"
)

// withRemedy says what to do when a start fails because the process may open no
// more files. Go has raised the soft limit to the hard one by then.
func withRemedy(err error) error {
	if !errors.Is(err, syscall.EMFILE) {
		return err
	}
	return fmt.Errorf("this process may open no more files; start it with a higher limit "+
		"(\"ulimit -n 4096\" in the shell before it, LimitNOFILE= of a systemd unit, --ulimit nofile= of a container): %w", err)
}
