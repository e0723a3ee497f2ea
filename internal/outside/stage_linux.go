package outside

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// StageVerb begins the arguments of this program when it is started to become
// another one; main then calls Stage. Namespaces belong to a process, and one
// with threads, as every Go program is, cannot enter those of users: so a new
// process is made in them, which prepares what it sees and then becomes the
// program.
//
//	room                         stage
//	 │  ── plan ──────────────▶  mounts, loopback, listeners, filter
//	 │  ◀─ answer, descriptors ─
//	 │     relays run
//	 │  ── program ───────────▶  execve: the socket closes, or tells the error
const StageVerb = "_stage"

// plan is what a stage prepares.
type plan struct {
	Path   path
	Mounts []mount
	Listen []uint16 // on the loopback of a network of its own
}

// mount puts a file over another.
type mount struct{ Source, Target string }

// order is what a stage becomes.
type order struct {
	Path string
	Args []string
	Env  []string
}

// answer is what a stage says; its descriptors come with it.
type answer struct {
	Error string
	Errno syscall.Errno // of execve
}

// messageLimit bounds an answer, and rightsLimit its descriptors.
const (
	messageLimit = 4 << 10
	rightsLimit  = 200
)

// stage is a process in its namespaces that waits for the program to become.
type stage struct {
	cmd       *exec.Cmd
	conn      *net.UnixConn
	listeners []net.Listener // in its network
	asked     *os.File       // tells of its connects
	ended     bool           // it was waited for
}

// capabilities are those that a stage needs in its user namespace.
var capabilities = []uintptr{unix.CAP_SYS_ADMIN, unix.CAP_NET_ADMIN, unix.CAP_NET_BIND_SERVICE}

// begin starts a stage and waits until it is prepared.
func begin(w way, p plan) (*stage, error) {
	ours, theirs, err := socketPair()
	if err != nil {
		return nil, err
	}
	defer theirs.Close()
	// The descriptor keeps its number, beside those that the program inherits.
	cmd := exec.Command("/proc/self/exe", StageVerb, strconv.Itoa(int(theirs.Fd())))
	cmd.Args[0] = os.Args[0]
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := w.attributes(cmd.SysProcAttr); err != nil {
		return nil, err
	}
	s := &stage{cmd: cmd, conn: ours}
	if _, err := unix.FcntlInt(theirs.Fd(), unix.F_SETFD, 0); err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		ours.Close()
		return nil, unwrapped(err)
	}
	theirs.Close()
	if err = json.NewEncoder(ours).Encode(p); err == nil {
		err = s.prepared(p)
	}
	if err != nil {
		s.end()
		return nil, err
	}
	return s, nil
}

// attributes are the namespaces of a way.
func (w way) attributes(a *syscall.SysProcAttr) error {
	if w.isolation == shared {
		return nil
	}
	a.Cloneflags = syscall.CLONE_NEWNS
	if w.path == private {
		a.Cloneflags |= syscall.CLONE_NEWNET
	}
	if w.isolation == mounted {
		return nil
	}
	a.Cloneflags |= syscall.CLONE_NEWUSER
	a.AmbientCaps = capabilities
	var err error
	if a.UidMappings, err = sameIDs("/proc/self/uid_map", os.Geteuid()); err != nil {
		return err
	}
	a.GidMappings, err = sameIDs("/proc/self/gid_map", os.Getegid())
	a.GidMappingsEnableSetgroups = len(a.GidMappings) > 0 && os.Geteuid() == 0
	return err
}

// sameIDs maps ids to themselves: all that root has, else one's own.
func sameIDs(table string, own int) ([]syscall.SysProcIDMap, error) {
	if os.Geteuid() != 0 {
		return []syscall.SysProcIDMap{{ContainerID: own, HostID: own, Size: 1}}, nil
	}
	text, err := os.ReadFile(table)
	if err != nil {
		return nil, err
	}
	var all []syscall.SysProcIDMap
	for line := range strings.Lines(string(text)) {
		var inside, outside, size int
		if _, err := fmt.Sscan(line, &inside, &outside, &size); err != nil {
			return nil, err
		}
		all = append(all, syscall.SysProcIDMap{ContainerID: inside, HostID: inside, Size: size})
	}
	return all, nil
}

// prepared waits for the stage's answer and takes its descriptors.
func (s *stage) prepared(p plan) error {
	files, err := s.hear()
	if err != nil {
		return err
	}
	if p.Path == redirected && len(files) == 1 {
		s.asked = files[0]
		return nil
	}
	for _, f := range files {
		l, err := net.FileListener(f)
		f.Close()
		if err != nil {
			return err
		}
		s.listeners = append(s.listeners, l)
	}
	if len(s.listeners) != len(p.Listen) {
		return errors.New("the process has not opened its ports")
	}
	return nil
}

// hear reads an answer; one that is an error is returned as one.
func (s *stage) hear() ([]*os.File, error) {
	text, rights := make([]byte, messageLimit), make([]byte, unix.CmsgSpace(4*rightsLimit))
	n, oobn, _, _, err := s.conn.ReadMsgUnix(text, rights)
	if err == nil && n == 0 {
		err = errors.New("the process ended before it was prepared")
	}
	if err != nil {
		return nil, err
	}
	var a answer
	if err := json.Unmarshal(text[:n], &a); err != nil {
		return nil, err
	}
	if a.Error != "" {
		return nil, &stageError{a}
	}
	return received(rights[:oobn])
}

func received(rights []byte) ([]*os.File, error) {
	messages, err := unix.ParseSocketControlMessage(rights)
	if err != nil {
		return nil, err
	}
	var files []*os.File
	for i := range messages {
		fds, err := unix.ParseUnixRights(&messages[i])
		if err != nil {
			return nil, err
		}
		for _, fd := range fds {
			unix.CloseOnExec(fd)
			files = append(files, os.NewFile(uintptr(fd), "stage"))
		}
	}
	return files, nil
}

// stageError is what a stage could not do.
type stageError struct{ answer }

func (e *stageError) Error() string { return e.answer.Error }

func (e *stageError) Unwrap() error {
	if e.Errno == 0 {
		return nil
	}
	return e.Errno
}

// become makes the stage the program. An error means that it did not.
func (s *stage) become(o order) error {
	if err := json.NewEncoder(s.conn).Encode(o); err != nil {
		return err
	}
	text := make([]byte, messageLimit)
	n, _ := s.conn.Read(text) // nothing, and the socket's end, when the program begins
	if n == 0 {
		return nil
	}
	var a answer
	if err := json.Unmarshal(text[:n], &a); err != nil {
		return err
	}
	return &stageError{a}
}

// start makes the stage the program. It is killed when the thread ends that
// began the stage, and with it this process.
func (r *Room) start(p Program) (*exec.Cmd, error) {
	s := r.inside.stage
	if err := s.become(order{p.Path, p.Args, r.env.list()}); err != nil {
		return nil, err
	}
	s.ended = true // whoever runs it waits for it
	return s.cmd, nil
}

// end kills a stage that has become nothing.
func (s *stage) end() {
	s.conn.Close()
	for _, l := range s.listeners {
		l.Close()
	}
	if s.asked != nil {
		s.asked.Close()
	}
	if !s.ended {
		_ = s.cmd.Process.Kill() // it may have ended
		_ = s.cmd.Wait()
		s.ended = true
	}
}

// socketPair is a socket with two ends: ours, and one for another process.
func socketPair() (*net.UnixConn, *os.File, error) {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, nil, err
	}
	ours, err := unixConn(fds[0])
	if err != nil {
		unix.Close(fds[1])
		return nil, nil, err
	}
	return ours, os.NewFile(uintptr(fds[1]), "stage"), nil
}

func unixConn(fd int) (*net.UnixConn, error) {
	f := os.NewFile(uintptr(fd), "stage")
	defer f.Close()
	c, err := net.FileConn(f)
	if err != nil {
		return nil, err
	}
	unix, ok := c.(*net.UnixConn)
	if !ok {
		c.Close()
		return nil, errors.New("not a socket of this machine")
	}
	return unix, nil
}

// unwrapped is an error of starting without the path of our own program.
func unwrapped(err error) error {
	var p *os.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}
