//go:build !unix

package worker

import "os/exec"

func isolate(*exec.Cmd) {}

// interrupt has no polite form on these systems.
func interrupt(cmd *exec.Cmd) { kill(cmd) }

func kill(cmd *exec.Cmd) {
	_ = cmd.Process.Kill() // it may be gone already
}
