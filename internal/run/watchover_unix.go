//go:build unix

package run

import (
	"os"
	"os/exec"
	"strconv"
)

// watchShell is what watches over groups; where there is none nobody does.
const watchShell = "/bin/sh"

// watchful waits for a line, and ends the group when the input ends without one.
const watchful = `read -r over || kill -s KILL -- "-$1"`

// watchOver ends a group of processes when this process ends and has not said
// before that the group is over: killed, as a crash or a person does it, it cannot
// do so itself. It is a shell, for nothing else than another process outlives us;
// it hears of our end by a pipe.
func watchOver(group int) (over func()) {
	end, ours, err := os.Pipe()
	if err != nil {
		return func() {}
	}
	defer end.Close()
	cmd := exec.Command(watchShell, "-c", watchful, "lazuli-watch", strconv.Itoa(group))
	cmd.Stdin, cmd.Env, cmd.Dir = end, []string{"PATH=/bin:/usr/bin"}, "/"
	isolate(cmd)
	if cmd.Start() != nil {
		ours.Close()
		return func() {}
	}
	return func() {
		_, err := ours.WriteString("over\n")
		_ = err // it may have been killed
		ours.Close()
		_ = cmd.Wait() // however it ended
	}
}
