package outside

import (
	"bufio"
	"context"
	"encoding/binary"
	"io"
	"os"
	"os/exec"
	"strconv"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// keepVerb makes a stage a keeper: a process that waits, from before the program
// begins, until we have ended or were killed, and then answers in our place for
// as long as anything that the program left running is asked about. Unanswered,
// each of its connects would fail with ENOSYS.
//
// What leads to lazuli has gone with us, so that connects to it are refused, as
// where nobody listens; all others go on. The folder of the room stays until the
// keeper ends: those programs read its certificates.
//
// It has no terminal, no input and output, no folder and no variables of
// anybody's, and is of no process group that a terminal could signal.
const keepVerb = "keep"

// The descriptors that a keeper is given, in this order.
const (
	keptAsked  = 3 + iota // tells of the connects
	keptUntil             // says which calls we answer, and ends with us
	keptFolder            // marks the folder as in use
)

// keeper is one that has been started.
type keeper struct {
	cmd   *exec.Cmd
	until *os.File // our end
	asked *os.File
}

// keep starts a keeper for connects. It goes on when the calling process ends.
func (f *folder) keep(c connects) (*keeper, error) {
	theirs, until, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer theirs.Close()
	words := []string{StageVerb, keepVerb, f.dir, c.at}
	for port := range c.to {
		words = append(words, strconv.Itoa(int(port)))
	}
	cmd := exec.Command("/proc/self/exe", words...)
	cmd.Args[0], cmd.Dir, cmd.Env = os.Args[0], "/", []string{}
	cmd.ExtraFiles = []*os.File{c.asked, theirs, f.held}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		until.Close()
		return nil, unwrapped(err)
	}
	return &keeper{cmd, until, c.asked}, nil
}

// leave ends the keeper, unless something is still asked about: then it goes on,
// and the result is true.
func (k *keeper) leave() bool {
	if k == nil {
		return false
	}
	defer k.asked.Close()
	defer k.until.Close()
	if !deserted(k.asked) {
		return true
	}
	_ = k.cmd.Process.Kill() // it may have been killed
	_ = k.cmd.Wait()
	return false
}

// deserted reports whether nobody is left who could ask.
func deserted(asked *os.File) bool {
	state := []unix.PollFd{{Fd: int32(asked.Fd())}}
	_, err := unix.Poll(state, 0)
	return err == nil && state[0].Revents&unix.POLLHUP != 0
}

// keeping is the life of a keeper: the folder, the address and the ports that
// lead nowhere any more.
func keeping(words []string) int {
	if len(words) < 2 || closeInherited() != nil {
		return 2
	}
	nobody := map[uint16]func() string{}
	for _, word := range words[2:] {
		if port, err := strconv.ParseUint(word, 10, 16); err == nil {
			nobody[uint16(port)] = func() string { return "" }
		}
	}
	asked := os.NewFile(keptAsked, "connects")
	for _, id := range begun(os.NewFile(keptUntil, "until")) {
		r := reply{id: id, flags: notifFlagContinue}
		_ = control(keptAsked, ioctlNotifSend, unsafe.Pointer(&r)) // nearly all were answered
	}
	connects{at: words[1], to: nobody, asked: asked}.serve(context.Background())
	if err := os.RemoveAll(words[0]); err != nil {
		return 1
	}
	return 0
}

// begunLimit bounds how many calls are remembered as being answered.
const begunLimit = 4096

// begun are the numbers of the last calls that r tells of, when it has ended.
func begun(r io.Reader) (ids []uint64) {
	from := bufio.NewReader(r)
	for next := 0; ; next = (next + 1) % begunLimit {
		var id [8]byte
		if _, err := io.ReadFull(from, id[:]); err != nil {
			return ids // whatever ends it, we are alone then
		}
		if len(ids) < begunLimit {
			ids = append(ids, 0)
		}
		ids[next] = binary.NativeEndian.Uint64(id[:])
	}
}

// closeInherited closes the descriptors that came by way of lazuli's own caller:
// somebody waits for the end of such a pipe. Those that this process opened
// itself are closed at execve; these are not.
func closeInherited() error {
	open, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return err
	}
	for _, entry := range open {
		fd, err := strconv.Atoi(entry.Name())
		if err != nil || fd <= keptFolder {
			continue
		}
		flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0)
		if err == nil && flags&unix.FD_CLOEXEC == 0 {
			_ = unix.Close(fd) // nothing was written
		}
	}
	return nil
}
