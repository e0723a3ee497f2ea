package outside

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// redirectedVerb makes this test one that runs a program whose connects are
// redirected, as lazuli exec where others have the ports.
const redirectedVerb = "_redirected"

// redirectedRoom runs words in such a room; the first one names a file that is
// told the folder of the room. A status of 77 says that none can be had.
func redirectedRoom(words []string) int {
	w := World{Names: twoNames, Standard: []Port{{Number: 5671, To: func(string) string { return os.Getenv("TO") }}}}
	r, err := Variables(w, os.Environ())
	if err != nil {
		return 1
	}
	defer r.Close()
	ctx, cancel := context.WithCancel(context.Background())
	r.cancel = cancel
	i := mapped
	if os.Geteuid() == 0 {
		i = mounted
	}
	if err := r.enter(ctx, way{i, redirected}, nil); err != nil {
		io.WriteString(os.Stdout, err.Error())
		return 77
	}
	if os.WriteFile(words[0], []byte(r.folder.dir), 0o600) != nil {
		return 1
	}
	ended, err := r.Run(Program{"/bin/sh", append([]string{"sh"}, words[1:]...)})
	if err != nil {
		return 1
	}
	return ended.Code
}

// left is a room whose program leaves another one running that connects when it
// is told to.
type left struct {
	dir     string // of the files
	foreign string
	cmd     *exec.Cmd
	out     io.Reader // ends when nobody has it open
}

// leave starts one. The program goes on by words; $0 is this test.
func leave(t *testing.T, words string) left {
	t.Helper()
	l := left{dir: t.TempDir(), foreign: says(t, "foreign")}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	later := `(trap '' HUP; exec >/dev/null 2>&1 </dev/null 3>&- 4>&- 5>&- 6>&-; echo >$1/begun; until test -e $1/go; do sleep 0.05; done; "$0" ` + probeVerb + ` $1/early $2 $3; until test -e $1/end; do sleep 0.05; done) &`
	l.cmd = exec.CommandContext(t.Context(), self, redirectedVerb, filepath.Join(l.dir, "folder"), "-c", later+words, self, l.dir, l.foreign, twoNames[0]+":5671")
	l.cmd.Env = append(os.Environ(), "TO="+says(t, "amqps"))
	out, to, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	l.out = out
	l.cmd.Stdout, l.cmd.ExtraFiles = to, []*os.File{to, to, to, to} // some of what a caller may have open
	if err := l.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	to.Close()
	t.Cleanup(func() {
		_ = os.WriteFile(filepath.Join(l.dir, "go"), nil, 0o600)
		_ = os.WriteFile(filepath.Join(l.dir, "end"), nil, 0o600)
		out.Close()
	})
	return l
}

func (l left) tell(t *testing.T, name string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(l.dir, name), nil, 0o600); err != nil {
		t.Fatal(err)
	}
}

// await waits until something is so.
func await(t *testing.T, what string, so func() bool) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); !so(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("waited in vain: " + what)
		}
	}
}

func (l left) exists(name string) func() bool {
	return func() bool { _, err := os.Stat(filepath.Join(l.dir, name)); return err == nil }
}

// keepers are the processes that keep a folder.
func keepers(folder string) (all []int) {
	lines, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, line := range lines {
		text, _ := os.ReadFile(line)
		if strings.Contains(string(text), "\x00"+keepVerb+"\x00"+folder+"\x00") {
			pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(line)))
			all = append(all, pid)
		}
	}
	return all
}

// check demands of what was left that it connects, that nothing of the caller's
// is held for it, and that nothing remains when it has ended.
func (l left) check(t *testing.T) {
	t.Helper()
	folder := read(t, filepath.Join(l.dir, "folder"))
	l.tell(t, "go")
	await(t, "the program that was left looks", l.exists("early"))
	await(t, "it has looked", func() bool { return strings.Contains(read(t, filepath.Join(l.dir, "early")), "Answers") })
	seen := read(t, filepath.Join(l.dir, "early"))
	if !strings.Contains(seen, `"`+l.foreign+`":"foreign"`) || !strings.Contains(seen, "connection refused") {
		t.Errorf("what was left does not connect as where no lazuli is: %s", seen)
	}
	kept := keepers(folder)
	if len(kept) != 1 {
		t.Fatalf("keepers: %v", kept)
	}
	proc := "/proc/" + strconv.Itoa(kept[0])
	if at, err := os.Readlink(proc + "/cwd"); at != "/" {
		t.Errorf("the keeper is in %s, %v", at, err)
	}
	if env := read(t, proc+"/environ"); env != "" {
		t.Errorf("the keeper has variables: %q", env)
	}
	for fd := range 3 {
		if to, err := os.Readlink(proc + "/fd/" + strconv.Itoa(fd)); to != os.DevNull {
			t.Errorf("the keeper has %s open, %v", to, err)
		}
	}
	if _, err := os.Stat(filepath.Join(folder, "bundle.pem")); err != nil {
		t.Errorf("its certificates are gone: %v", err)
	}
	l.tell(t, "end")
	await(t, "the folder goes", func() bool { _, err := os.Stat(folder); return errors.Is(err, os.ErrNotExist) })
	await(t, "the keeper ends", func() bool { return len(keepers(folder)) == 0 })
}

// TestWhatIsLeftConnects: what a program leaves running is answered when lazuli
// exec has ended, which ends as soon as the program does.
func TestWhatIsLeftConnects(t *testing.T) {
	l := leave(t, "exit 5")
	said, err := io.ReadAll(l.out) // to its end: nobody holds the output
	if err != nil {
		t.Fatal(err)
	}
	_ = l.cmd.Wait()
	switch code := l.cmd.ProcessState.ExitCode(); code {
	case 77:
		notRun(t, "redirection", errors.New(string(said)))
	case 5:
		l.check(t)
	default:
		t.Errorf("status %d: %s", code, said)
	}
}

// TestKilledExec: so it is when lazuli exec was killed, which takes the program
// with it, and no other.
func TestKilledExec(t *testing.T) {
	l := leave(t, `echo $$ >$1/pid.new; mv $1/pid.new $1/pid; exec sleep 600`)
	ended := make(chan struct{})
	go func() { defer close(ended); _ = l.cmd.Wait() }()
	await(t, "the program begins", func() bool {
		select {
		case <-ended:
			return true
		default:
			return l.exists("pid")() && l.exists("begun")()
		}
	})
	if !l.exists("pid")() {
		notRun(t, "redirection", errors.New("no room"))
		return
	}
	if err := l.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	<-ended
	pid, err := strconv.Atoi(strings.TrimSpace(read(t, filepath.Join(l.dir, "pid"))))
	if err != nil {
		t.Fatal(err)
	}
	await(t, "the program is killed", func() bool {
		status, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
		return err != nil || strings.Contains(string(status), ") Z ")
	})
	l.check(t)
}

// connectVerb makes this test a program that connects and waits for it.
const connectVerb = "_connect"

// connectOnce tells a file that it begins to connect to a host and port, and how
// that ended.
func connectOnce(file, address string) int {
	to, err := net.ResolveTCPAddr("tcp4", address)
	if err != nil {
		return 1
	}
	s, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM, 0)
	if err != nil || os.WriteFile(file+".begun", nil, 0o600) != nil {
		return 1
	}
	err = unix.Connect(s, &unix.SockaddrInet4{Port: to.Port, Addr: [4]byte(to.IP.To4())})
	if os.WriteFile(file, fmt.Append(nil, err), 0o600) != nil {
		return 1
	}
	return 0
}

// full is a listener that takes no more connections: a connect to it waits, until
// it is relieved.
func full(t *testing.T) (address string, relieve func()) {
	t.Helper()
	s, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Close(s) })
	if err := errors.Join(unix.Bind(s, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}), unix.Listen(s, 0)); err != nil {
		t.Fatal(err)
	}
	at, err := unix.Getsockname(s)
	if err != nil {
		t.Fatal(err)
	}
	address = net.JoinHostPort(local, strconv.Itoa(at.(*unix.SockaddrInet4).Port))
	for range 10 {
		c, err := net.DialTimeout("tcp", address, 300*time.Millisecond)
		if err != nil {
			return address, func() {
				if _, _, err := unix.Accept(s); err != nil {
					t.Error(err)
				}
			}
		}
		t.Cleanup(func() { c.Close() })
	}
	t.Fatal("the listener takes everything")
	return "", nil
}

// TestKilledWhileConnecting: a connect that lazuli exec is about when it is
// killed ends too.
func TestKilledWhileConnecting(t *testing.T) {
	dir, self := t.TempDir(), "/proc/self/exe"
	script := `(trap '' HUP; exec "$0" ` + connectVerb + ` $1/result $2) >/dev/null 2>&1 & exec sleep 600`
	cmd := exec.CommandContext(t.Context(), self, redirectedVerb, filepath.Join(dir, "folder"), "-c", script, os.Args[0], dir, twoNames[0]+":5671")
	to, relieve := full(t)
	cmd.Env = append(os.Environ(), "TO="+to)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { defer close(ended); _ = cmd.Wait() }()
	exists := left{dir: dir}.exists
	await(t, "the program connects", func() bool {
		select {
		case <-ended:
			return true
		default:
			return exists("result.begun")()
		}
	})
	if !exists("result.begun")() {
		notRun(t, "redirection", errors.New("no room"))
		return
	}
	time.Sleep(200 * time.Millisecond) // it waits in the kernel, which nothing here can see
	if exists("result")() {
		t.Fatal("the connect did not wait: " + read(t, filepath.Join(dir, "result")))
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	<-ended
	relieve() // the kernel goes on with it, at its own pace
	await(t, "the connect ends", exists("result"))
	folder := read(t, filepath.Join(dir, "folder"))
	await(t, "the keeper ends", func() bool { return len(keepers(folder)) == 0 })
}

// TestBegun: the last calls are remembered.
func TestBegun(t *testing.T) {
	var told []byte
	for id := range uint64(begunLimit + 3) {
		told = binary.NativeEndian.AppendUint64(told, id)
	}
	got := begun(bytes.NewReader(append(told, 1, 2, 3)))
	if slices.Sort(got); len(got) != begunLimit || got[0] != 3 || got[begunLimit-1] != begunLimit+2 {
		t.Errorf("%d calls, from %d to %d", len(got), got[0], got[len(got)-1])
	}
}

// TestNothingIsLeft: where the program leaves nobody, neither a keeper nor the
// folder is there when lazuli exec has ended.
func TestNothingIsLeft(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "folder")
	cmd := exec.CommandContext(t.Context(), "/proc/self/exe", redirectedVerb, folder, "-c", "kill -TERM $$")
	cmd.Env = append(os.Environ(), "TO=")
	out, _ := cmd.Output()
	if cmd.ProcessState.ExitCode() == 77 {
		notRun(t, "redirection", errors.New(string(out)))
		return
	}
	if code := cmd.ProcessState.ExitCode(); code != 128+int(syscall.SIGTERM) {
		t.Errorf("status %d", code)
	}
	dir := read(t, folder)
	if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) || len(keepers(dir)) > 0 {
		t.Errorf("left behind: %s (%v), %v", dir, err, keepers(dir))
	}
}
