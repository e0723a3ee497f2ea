//go:build !unix

package run

import "os/exec"

func isolate(*exec.Cmd) {}

// interrupt and terminate have no polite form on these systems.
func interrupt(cmd *exec.Cmd) { kill(cmd) }

func terminate(cmd *exec.Cmd) { kill(cmd) }

func kill(cmd *exec.Cmd) {
	_ = cmd.Process.Kill() // it may be gone already
}
