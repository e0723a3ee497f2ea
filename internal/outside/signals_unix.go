//go:build unix

package outside

import (
	"errors"
	"os"
	"os/exec"
	"os/signal"
	"slices"
	"syscall"

	"golang.org/x/sys/unix"
)

// passed are the signals that a program is asked by to do something.
var passed = []os.Signal{syscall.SIGINT, syscall.SIGQUIT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGUSR1, syscall.SIGUSR2}

// fromTerminal reports whether a terminal sends such a signal to the program
// too: it is of the group in the foreground, as we are.
func fromTerminal(s os.Signal) bool {
	if !slices.Contains([]os.Signal{syscall.SIGINT, syscall.SIGQUIT}, s) {
		return false
	}
	tty, err := os.Open("/dev/tty")
	if err != nil {
		return false
	}
	defer tty.Close()
	group, err := unix.IoctlGetInt(int(tty.Fd()), unix.TIOCGPGRP)
	return err == nil && group == unix.Getpgrp()
}

// ended is what Wait says.
func ended(err error, state *os.ProcessState) (Ended, error) {
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return Ended{}, err
	}
	status := state.Sys().(syscall.WaitStatus)
	if status.Signaled() {
		return Ended{Code: 128 + int(status.Signal()), Signal: status.Signal()}, nil
	}
	return Ended{Code: status.ExitStatus()}, nil
}

// deadly are the signals that end a process without a word.
var deadly = []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGKILL, syscall.SIGPIPE, syscall.SIGALRM, syscall.SIGUSR1, syscall.SIGUSR2}

// Die ends this process by the signal that ended the program: a shell tells an
// interrupt from a failure by it. It returns where the signal is none for that.
func (e Ended) Die() {
	if !slices.Contains(deadly, e.Signal) {
		return
	}
	signal.Reset(e.Signal)
	if unix.Kill(os.Getpid(), e.Signal) == nil {
		select {} // it is on its way
	}
}
