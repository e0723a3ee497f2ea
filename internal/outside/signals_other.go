//go:build !unix

package outside

import (
	"errors"
	"os"
	"os/exec"
)

// passed are the signals that a program is asked by to do something. The
// console sends them to all its programs.
var passed = []os.Signal{os.Interrupt}

func fromTerminal(os.Signal) bool { return true }

func ended(err error, state *os.ProcessState) (Ended, error) {
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return Ended{}, err
	}
	return Ended{Code: state.ExitCode()}, nil
}

// Die does nothing: no signal ends a process here.
func (e Ended) Die() {}
