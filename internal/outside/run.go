package outside

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"syscall"
)

// The statuses of shells for a program that did not begin.
const (
	NotFound      = 127
	NotExecutable = 126
)

// StartError is a program that did not begin.
type StartError struct {
	Name string
	Code int // NotFound or NotExecutable
	Err  error
}

func (e *StartError) Error() string { return fmt.Sprintf("%s: %v", e.Name, e.Err) }

func (e *StartError) Unwrap() error { return e.Err }

// Find looks a program up as a shell does. The error is a *StartError.
func Find(name string) (string, error) {
	path, err := exec.LookPath(name)
	switch {
	case err == nil || errors.Is(err, exec.ErrDot): // a PATH that has the current folder means it
		return path, nil
	case errors.Is(err, exec.ErrNotFound) || errors.Is(err, os.ErrNotExist):
		return "", &StartError{name, NotFound, errors.New("there is no such program; look at its spelling, and at PATH")}
	}
	return "", &StartError{name, NotExecutable, unwrapExec(err)}
}

func unwrapExec(err error) error {
	var e *exec.Error
	if errors.As(err, &e) {
		err = e.Err
	}
	var p *os.PathError
	if errors.As(err, &p) {
		err = p.Err
	}
	return fmt.Errorf("it cannot be run: %w", err)
}

// failed is the *StartError of a program that the system refused.
func failed(p Program, err error) error {
	if errors.Is(err, os.ErrNotExist) {
		return &StartError{p.Args[0], NotFound, errors.New("it, or the interpreter that it names, is not there")}
	}
	return &StartError{p.Args[0], NotExecutable, unwrapExec(err)}
}

// Ended is how a program ended: by a signal, unless it is 0, or with a status.
type Ended struct {
	Code   int
	Signal syscall.Signal
}

// Run runs the program until it ends. Signals that this process gets are passed
// on, except those that the terminal sent to both.
func (r *Room) Run(p Program) (Ended, error) {
	runtime.LockOSThread() // the program is to die with the thread that made it, see start
	defer runtime.UnlockOSThread()
	got := make(chan os.Signal, 16)
	for _, s := range passed {
		if !signal.Ignored(s) {
			signal.Notify(got, s)
		}
	}
	defer signal.Stop(got)
	cmd, err := r.start(p)
	if err != nil {
		return Ended{}, failed(p, err)
	}
	done := make(chan struct{})
	defer close(done)
	go func() {
		for {
			select {
			case s := <-got:
				if !fromTerminal(s) {
					_ = cmd.Process.Signal(s) // it may have ended
				}
			case <-done:
				return
			}
		}
	}()
	return ended(cmd.Wait(), cmd.ProcessState)
}
