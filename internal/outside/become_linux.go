package outside

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"runtime"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"
)

// Stage is the life of the process that becomes the program. It returns an exit
// status only when it could not.
func Stage(args []string) int {
	if len(args) > 0 && args[0] == keepVerb {
		return keeping(args[1:])
	}
	// Capabilities and the filter are of a thread, and this one calls execve.
	runtime.LockOSThread()
	fd, err := strconv.Atoi(joined("", args...))
	if err != nil {
		fmt.Fprintln(os.Stderr, "lazuli: this command is lazuli's own; see `lazuli exec --help`")
		return 2
	}
	unix.CloseOnExec(fd)
	conn, err := unixConn(fd)
	if err != nil {
		return 1
	}
	plan, order, from := plan{}, order{}, json.NewDecoder(conn)
	if from.Decode(&plan) != nil {
		return 1
	}
	fds, err := plan.prepare()
	say(conn, err, fds)
	if err != nil || from.Decode(&order) != nil {
		return 1
	}
	say(conn, order.execute(), nil)
	return 127
}

// say answers the room, with descriptors.
func say(conn *net.UnixConn, err error, fds []int) {
	var a answer
	if err != nil {
		a.Error = err.Error()
		errors.As(err, &a.Errno)
	}
	text, err := json.Marshal(a)
	if err == nil {
		_, _, _ = conn.WriteMsgUnix(text, unix.UnixRights(fds...), nil) // nobody is left to tell
	}
}

// prepare makes the process's view of the machine, and returns descriptors for
// the room: its listeners, or what tells of its connects.
func (p plan) prepare() ([]int, error) {
	if len(p.Mounts) > 0 {
		if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_SLAVE, ""); err != nil {
			return nil, fmt.Errorf("mounts of its own: %w", err)
		}
	}
	for _, m := range p.Mounts {
		if err := unix.Mount(m.Source, m.Target, "", unix.MS_BIND, ""); err != nil {
			return nil, fmt.Errorf("put a file over %s: %w", m.Target, err)
		}
	}
	switch p.Path {
	case private:
		return p.listen()
	case redirected:
		fd, err := filterConnects()
		return []int{fd}, err
	}
	return nil, nil
}

// listen brings the loopback of a new network up and takes ports on it.
func (p plan) listen() ([]int, error) {
	if err := raiseLoopback(); err != nil {
		return nil, fmt.Errorf("loopback: %w", err)
	}
	var fds []int
	for _, port := range p.Listen {
		l, err := listen(local, port)
		if err != nil {
			return nil, err
		}
		f, err := l.(*net.TCPListener).File()
		if err != nil {
			return nil, err
		}
		fds = append(fds, int(f.Fd()))
		runtime.KeepAlive(f)
	}
	return fds, nil
}

func raiseLoopback() error {
	s, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(s)
	lo, err := unix.NewIfreq("lo")
	if err != nil {
		return err
	}
	lo.SetUint16(unix.IFF_UP | unix.IFF_RUNNING)
	return unix.IoctlIfreq(s, unix.SIOCSIFFLAGS, lo)
}

// execute becomes the program, without the powers that preparing needed. A file
// that is no program is one of the shell's, as everywhere.
func (o order) execute() error {
	if err := unix.Prctl(unix.PR_CAP_AMBIENT, unix.PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0); err != nil {
		return err
	}
	if err := inheritNothing(); err != nil {
		return err
	}
	err := syscall.Exec(o.Path, o.Args, o.Env)
	if errors.Is(err, syscall.ENOEXEC) {
		shell := append([]string{"sh", o.Path}, o.Args[1:]...)
		err = syscall.Exec("/bin/sh", shell, o.Env)
	}
	return err
}

// inheritNothing clears the capabilities that were made inheritable for the
// stage.
func inheritNothing() error {
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var data [2]unix.CapUserData
	if err := unix.Capget(&header, &data[0]); err != nil {
		return err
	}
	data[0].Inheritable, data[1].Inheritable = 0, 0
	return unix.Capset(&header, &data[0])
}
