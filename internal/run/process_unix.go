//go:build unix

package run

import (
	"os/exec"
	"syscall"
)

func isolate(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
}

func interrupt(pid int) { signalGroup(pid, syscall.SIGINT) }

func terminate(pid int) { signalGroup(pid, syscall.SIGTERM) }

func kill(pid int) { signalGroup(pid, syscall.SIGKILL) }

// signalGroup signals the whole group: "go run" and shells have children.
func signalGroup(pid int, s syscall.Signal) {
	_ = syscall.Kill(-pid, s) // it may be gone already
}
