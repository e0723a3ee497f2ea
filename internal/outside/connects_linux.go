package outside

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net/netip"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// From linux/seccomp.h; notifications since 5.0, answers that let a call go on
// since 5.5.
const (
	seccompSetModeFilter = 1
	filterNewListener    = 1 << 3
	filterWaitKillable   = 1 << 5 // since 5.19: no signal interrupts a call that is asked about
	retAllow             = 0x7fff0000
	retUserNotif         = 0x7fc00000
	notifFlagContinue    = 1
	ioctlNotifReceive    = 0xc0502100
	ioctlNotifSend       = 0xc0182101
	ioctlNotifIDValid    = 0x40082102
	offsetNumber         = 0
	offsetArch           = 4
	longestSockaddr      = 28
)

// architectures are those whose calls the filter knows.
var architectures = map[string]uint32{"amd64": unix.AUDIT_ARCH_X86_64, "arm64": unix.AUDIT_ARCH_AARCH64}

// filterConnects makes the kernel ask before each connect of this thread and of
// what it becomes, and returns the descriptor that is asked.
func filterConnects() (int, error) {
	arch, ok := architectures[runtime.GOARCH]
	if !ok {
		return 0, errors.New("redirection is not known for " + runtime.GOARCH)
	}
	program := []unix.SockFilter{
		{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: offsetArch},
		{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: arch, Jf: 3},
		{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: offsetNumber},
		{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: unix.SYS_CONNECT, Jf: 1},
		{Code: unix.BPF_RET | unix.BPF_K, K: retUserNotif},
		{Code: unix.BPF_RET | unix.BPF_K, K: retAllow},
	}
	fprog := unix.SockFprog{Len: uint16(len(program)), Filter: &program[0]}
	var errno syscall.Errno
	for _, flags := range []uintptr{filterNewListener | filterWaitKillable, filterNewListener} {
		var fd uintptr
		fd, _, errno = unix.RawSyscall(unix.SYS_SECCOMP, seccompSetModeFilter, flags, uintptr(unsafe.Pointer(&fprog)))
		if errno == 0 {
			unix.CloseOnExec(int(fd))
			return int(fd), nil
		}
		if errno != syscall.EINVAL {
			break
		}
	}
	return 0, os.NewSyscallError("seccomp", errno)
}

// connects answers a program's connects: it joins those to certain ports of an
// address of ours to where they lead, on the program's own socket, and lets the
// kernel do all others.
type connects struct {
	at    string                   // address
	to    map[uint16]func() string // by port: host:port
	asked *os.File
	heir  io.Writer // is told the number of each call that is being answered; may be nil
}

// notification and reply are struct seccomp_notif and seccomp_notif_resp.
type notification struct {
	id          uint64
	thread      uint32
	flags       uint32
	number      int32
	arch        uint32
	instruction uint64
	args        [6]uint64
}

type reply struct {
	id    uint64
	value int64
	errno int32
	flags uint32
}

// serve answers until ctx ends or nobody is left who asks. asked stays open.
func (c connects) serve(ctx context.Context) {
	var work sync.WaitGroup
	defer work.Wait()
	fd, wait := int(c.asked.Fd()), 200 // ms
	if ctx.Done() == nil {
		wait = -1
	}
	for ctx.Err() == nil {
		ready := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
		switch _, err := unix.Poll(ready, wait); {
		case errors.Is(err, syscall.EINTR) || err == nil && ready[0].Revents == 0:
			continue
		case err != nil || ready[0].Revents&unix.POLLIN == 0:
			return // all have ended
		}
		var n notification
		if control(fd, ioctlNotifReceive, unsafe.Pointer(&n)) != nil {
			continue // the caller was killed in between
		}
		c.tell(n.id)
		work.Go(func() {
			r := c.answer(fd, n)
			_ = control(fd, ioctlNotifSend, unsafe.Pointer(&r)) // the caller may be gone
		})
	}
}

// tell lets the heir know of a call, which would wait for ever if this process
// were killed before it answers.
func (c connects) tell(id uint64) {
	if c.heir != nil {
		_, _ = c.heir.Write(binary.NativeEndian.AppendUint64(nil, id)) // it may have been killed
	}
}

func control(fd int, request uintptr, arg unsafe.Pointer) error {
	if _, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), request, uintptr(arg)); errno != 0 {
		return errno
	}
	return nil
}

// answer is what the kernel does with a connect. Whatever we cannot see or do
// goes on as if nobody had asked.
func (c connects) answer(fd int, n notification) reply {
	goOn := reply{id: n.id, flags: notifFlagContinue}
	wanted, v6, ok := readAddress(n)
	if !ok || wanted.Addr().Unmap().String() != c.at || c.to[wanted.Port()] == nil {
		return goOn
	}
	to, err := netip.ParseAddrPort(c.to[wanted.Port()]())
	if err != nil {
		return reply{id: n.id, errno: -int32(syscall.ECONNREFUSED)}
	}
	socket, err := takeSocket(n)
	if err != nil {
		return goOn
	}
	defer unix.Close(socket)
	if control(fd, ioctlNotifIDValid, unsafe.Pointer(&n.id)) != nil {
		return goOn // another process may have its number by now
	}
	return reply{id: n.id, errno: -int32(connectTo(socket, to, v6))}
}

// readAddress is the address that a thread wants to connect to.
func readAddress(n notification) (at netip.AddrPort, v6, ok bool) {
	text := make([]byte, min(n.args[2], longestSockaddr))
	if len(text) < 8 {
		return at, false, false
	}
	ours := []unix.Iovec{{Base: &text[0]}}
	ours[0].SetLen(len(text))
	theirs := []unix.RemoteIovec{{Base: uintptr(n.args[1]), Len: len(text)}}
	if got, err := unix.ProcessVMReadv(int(n.thread), ours, theirs, 0); err != nil || got != len(text) {
		return at, false, false
	}
	port := binary.BigEndian.Uint16(text[2:])
	switch family := binary.NativeEndian.Uint16(text); {
	case family == unix.AF_INET:
		return netip.AddrPortFrom(netip.AddrFrom4([4]byte(text[4:8])), port), false, true
	case family == unix.AF_INET6 && len(text) >= 24:
		return netip.AddrPortFrom(netip.AddrFrom16([16]byte(text[8:24])), port), true, true
	}
	return at, false, false
}

// takeSocket is our descriptor of the socket that a thread connects.
func takeSocket(n notification) (int, error) {
	status, err := os.ReadFile("/proc/" + strconv.Itoa(int(n.thread)) + "/status")
	if err != nil {
		return 0, err
	}
	_, after, _ := strings.Cut(string(status), "\nTgid:")
	number, _, _ := strings.Cut(after, "\n")
	process, err := strconv.Atoi(strings.TrimSpace(number))
	if err != nil {
		return 0, err
	}
	pidfd, err := unix.PidfdOpen(process, 0)
	if err != nil {
		return 0, err
	}
	defer unix.Close(pidfd)
	return unix.PidfdGetfd(pidfd, int(n.args[0]), 0)
}

// connectTo connects a socket and returns the result of the program's call. A
// call that a signal interrupted is made again by the kernel: then it is done.
func connectTo(socket int, to netip.AddrPort, v6 bool) syscall.Errno {
	var at unix.Sockaddr
	switch a := to.Addr().Unmap(); {
	case v6:
		at = &unix.SockaddrInet6{Port: int(to.Port()), Addr: a.As16()} // maps IPv4
	case a.Is4():
		at = &unix.SockaddrInet4{Port: int(to.Port()), Addr: a.As4()}
	default:
		return syscall.EADDRNOTAVAIL // lazuli listens where this socket cannot go
	}
	var errno syscall.Errno
	if err := unix.Connect(socket, at); err != nil && !errors.As(err, &errno) {
		return syscall.EIO
	}
	if errno == syscall.EISCONN {
		return 0
	}
	return errno
}
