//go:build !unix

package run

import (
	"os"
	"os/exec"
)

func isolate(*exec.Cmd) {}

// interrupt and terminate have no polite form on these systems.
func interrupt(pid int) { kill(pid) }

func terminate(pid int) { kill(pid) }

func kill(pid int) {
	if p, err := os.FindProcess(pid); err == nil {
		_ = p.Kill() // it may be gone already
	}
}

// watchOver is nothing here: nobody is told when we are killed.
func watchOver(int) (over func()) { return func() {} }
