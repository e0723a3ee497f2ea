package cli

import (
	"os"
	"runtime"

	"github.com/lazuli-dev/lazuli/internal/instance"
)

// elevated is a command of lazuli's as somebody who may do it runs it: another
// user, who is told where this one's instances are found.
func elevated(command string) string {
	if runtime.GOOS == "windows" {
		return "lazuli " + command + " (in a console of an administrator)"
	}
	program, err := os.Executable()
	if err != nil {
		program = "lazuli"
	}
	if os.Geteuid() == 0 {
		return shellWord(program) + " " + command
	}
	folder, err := instance.Folder()
	if err != nil {
		return "sudo " + shellWord(program) + " " + command
	}
	return "sudo env LAZULI_RUN_DIR=" + shellWord(folder) + " " + shellWord(program) + " " + command
}
