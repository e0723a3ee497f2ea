package outside

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// roomVerb makes this test one that runs a program in a room, as lazuli exec.
const roomVerb = "_room"

func roomOf(words []string) int {
	path, err := Find(words[0])
	if err != nil {
		return NotFound
	}
	r, err := Open(context.Background(), World{Names: twoNames}, Auto, os.Environ())
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer r.Close()
	fmt.Fprintln(os.Stderr, "missing:", r.Names, r.Ports, r.Why)
	ended, err := r.Run(Program{path, words})
	if err != nil {
		return 1
	}
	return ended.Code
}

// terminal is a new one: the side that a person has, and the program's.
func terminal(t *testing.T) (person, program *os.File) {
	t.Helper()
	person, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { person.Close() })
	if err := unix.IoctlSetPointerInt(int(person.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	n, err := unix.IoctlGetUint32(int(person.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	program, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { program.Close() })
	return person, program
}

// TestTerminal: an interrupt at the terminal reaches the program once, though it
// goes to us as well; a signal to us is passed on; and the program has the
// terminal.
func TestTerminal(t *testing.T) {
	person, program := terminal(t)
	script := `
trap 'n=$((n+1)); echo interrupted $n' INT
trap 'echo ended after $n; exit 5' TERM
test -t 0 && test -t 1 && echo begun
while :; do sleep 0.05; done`
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "/proc/self/exe", roomVerb, "sh", "-c", script)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = program, program, program
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	program.Close()
	lines := bufio.NewScanner(person)
	await := func(want string) {
		for lines.Scan() {
			if strings.Contains(lines.Text(), want) {
				return
			}
		}
		t.Fatalf("the program never said %q: %v", want, lines.Err())
	}
	await("begun")
	for n := range 2 {
		if _, err := io.WriteString(person, "\x03"); err != nil {
			t.Fatal(err)
		}
		await(fmt.Sprintf("interrupted %d", n+1))
	}
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	await("ended after 2")
	_ = cmd.Wait()
	if code := cmd.ProcessState.ExitCode(); code != 5 {
		t.Errorf("status %d", code)
	}
}

// TestInterruptWithoutTerminal: where no terminal sends an interrupt to both, the
// one that we get is passed on.
func TestInterruptWithoutTerminal(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "/proc/self/exe", roomVerb, "sh", "-c", `trap 'exit 6' INT; echo begun; while :; do sleep 0.05; done`)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(out).ReadString('\n'); err != nil || line != "begun\n" {
		t.Fatal(line, err)
	}
	if err := cmd.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	if code := cmd.ProcessState.ExitCode(); code != 6 {
		t.Errorf("status %d", code)
	}
}
