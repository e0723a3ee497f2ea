//go:build unix

package worker

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"strconv"
	"sync"
	"syscall"
	"time"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/run"
)

// How long a template is waited for.
const (
	forkPatience = 2 * time.Second // it may be importing
	lookPeriod   = time.Second
	orphanPeriod = 25 * time.Millisecond // once it has gone
)

// template is a process that forks workers:
//
//	host to template                        template to host
//	fork      ID and three descriptors:     forked    ID PID
//	          connection, stdout, stderr
//	import    Modules                       unfit     ID (a module)
//	terminate                               ended     PID Code (negative: a signal's)
type template struct {
	program run.Program
	proc    *run.Process
	conn    *net.UnixConn
	stream  *pipeStream
	log     *slog.Logger
	unfit   func(module string)
	gone    chan struct{} // closed when it has hung up
	asking  sync.Mutex    // one fork at a time; it guards number
	number  int

	mu       sync.Mutex // guards the fields below
	awaited  string     // the fork that is waited for
	forked   chan int
	children map[int]chan run.Exit
	finished bool // it forks no more
	taught   map[string]bool
}

// newTemplate is a template that has connected; nil where descriptors cannot be
// sent, and it is ended then.
func newTemplate(p run.Program, proc *run.Process, stream *pipeStream, log *slog.Logger, unfit func(string)) *template {
	conn, ok := stream.conn.(*net.UnixConn)
	if !ok {
		stream.conn.Close()
		proc.Kill()
		return nil
	}
	t := &template{
		program: p, proc: proc, conn: conn, stream: stream, log: log, unfit: unfit, gone: make(chan struct{}),
		children: map[int]chan run.Exit{}, taught: map[string]bool{},
	}
	go t.read()
	return t
}

// forks reports whether it can be asked for workers.
func (t *template) forks() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return !t.finished
}

// read takes what the template tells, until it has gone.
func (t *template) read() {
	defer close(t.gone)
	for {
		m, err := readFrame(t.stream.in)
		if err != nil {
			break
		}
		switch m.Verb {
		case "forked":
			t.bear(m)
		case "ended":
			t.bury(m)
		case "unfit":
			t.mu.Lock()
			t.finished = true
			t.mu.Unlock()
			t.unfit(m.ID)
		}
	}
	t.mu.Lock()
	t.finished = true
	t.mu.Unlock()
}

// bear takes a worker that was forked. One for which nobody waits any more finds
// its connection closed, and ends.
func (t *template) bear(m *pipeMessage) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.children[m.PID] = make(chan run.Exit, 1)
	if m.ID == t.awaited {
		t.forked <- m.PID
	}
}

func (t *template) bury(m *pipeMessage) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if ch := t.children[m.PID]; ch != nil {
		ch <- run.Ended(m.Code)
		delete(t.children, m.PID)
	}
}

// teach lets it import modules, when it has nothing else to do.
func (t *template) teach(modules []string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	var news []string
	for _, m := range modules {
		if !t.taught[m] {
			t.taught[m] = true
			news = append(news, m)
		}
	}
	if len(news) > 0 && !t.finished {
		_ = t.say(&pipeMessage{Verb: "import", Modules: news}, nil) // that it has gone, read tells
	}
}

// say sends a message and, beside it, descriptors. The caller holds mu.
func (t *template) say(m *pipeMessage, descriptors []int) error {
	frame, err := appendFrame(nil, m)
	if err != nil {
		return err
	}
	var beside []byte
	if len(descriptors) > 0 {
		beside = syscall.UnixRights(descriptors...)
	}
	if err := t.conn.SetWriteDeadline(time.Now().Add(forkPatience)); err != nil {
		return err
	}
	n, _, err := t.conn.WriteMsgUnix(frame, beside, nil)
	if err == nil && n < len(frame) {
		_, err = t.conn.Write(frame[n:])
	}
	return err
}

// fork makes a worker and returns it with its connection.
func (t *template) fork(ctx context.Context, lines func(run.Line)) (*run.Process, net.Conn, error) {
	t.asking.Lock()
	defer t.asking.Unlock()
	ours, theirs, err := socketPair()
	if err != nil {
		return nil, nil, err
	}
	defer theirs.Close()
	proc, err := run.Adopt(func(stdout, stderr *os.File) (int, func() run.Exit, error) {
		return t.ask(ctx, []int{int(theirs.Fd()), int(stdout.Fd()), int(stderr.Fd())})
	}, lines)
	if err != nil {
		ours.Close()
		return nil, nil, err
	}
	return proc, ours, nil
}

// ask asks for a worker. The caller holds asking.
func (t *template) ask(ctx context.Context, descriptors []int) (pid int, wait func() run.Exit, err error) {
	t.number++
	id := strconv.Itoa(t.number)
	forked := make(chan int, 1)
	t.mu.Lock()
	t.awaited, t.forked = id, forked
	err = t.say(&pipeMessage{Verb: "fork", ID: id}, descriptors)
	t.mu.Unlock()
	if err != nil {
		return 0, nil, fault.Wrap(fault.Unavailable, "worker", err, "ask for a fork")
	}
	limit := time.NewTimer(forkPatience)
	defer limit.Stop()
	select {
	case pid = <-forked:
	case <-t.gone:
		err = fault.New(fault.Unavailable, "worker", "the process that workers are forked from has ended")
	case <-limit.C:
		err = fault.New(fault.Unavailable, "worker", "the process that workers are forked from did not answer within %v", forkPatience)
	case <-ctx.Done():
		err = ctx.Err()
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.awaited = ""
	if err != nil {
		return 0, nil, err
	}
	ended := t.children[pid]
	if ended == nil { // and buried already
		return 0, nil, fault.New(fault.Unavailable, "worker", "the worker ended as soon as it was forked")
	}
	return pid, func() run.Exit { return t.await(pid, ended) }, nil
}

// await waits for a worker's end. When the template has gone, or is too busy to tell
// it, one has to look.
func (t *template) await(pid int, ended <-chan run.Exit) run.Exit {
	look := time.NewTicker(lookPeriod)
	defer look.Stop()
	gone := t.gone
	for dead := 0; dead < 2; {
		select {
		case e := <-ended:
			return e
		case <-gone:
			gone = nil
			look.Reset(orphanPeriod)
		case <-look.C:
			if !lives(pid) {
				dead++
			}
		}
	}
	e := run.Ended(-int(syscall.SIGKILL))
	e.Err = fault.New(fault.Unavailable, "worker", "the process ended; how, the one that it was forked from does not tell")
	return e
}

// lives reports whether a process that is not our child has not ended. One that has
// and that nobody takes note of, as where process 1 is a program like any other, is
// still there by its number.
func lives(pid int) bool {
	if syscall.Kill(pid, 0) != nil {
		return false
	}
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return !errors.Is(err, fs.ErrNotExist)
	}
	_, state, _ := bytes.Cut(stat[bytes.LastIndexByte(stat, ')')+1:], []byte(" "))
	return !bytes.HasPrefix(state, []byte("Z")) && !bytes.HasPrefix(state, []byte("X"))
}

// finish lets the template end, which it does with the last of its workers.
func (t *template) finish() {
	t.mu.Lock()
	t.finished = true
	err := t.say(&pipeMessage{Verb: "terminate"}, nil)
	t.mu.Unlock()
	if err != nil {
		t.stream.conn.Close()
	}
	<-t.gone
	t.stream.conn.Close()
	<-t.proc.Exited()
}

// kill ends the template, whatever it is at.
func (t *template) kill() {
	t.stream.conn.Close()
	t.proc.Kill()
}

// over reports whether it has gone.
func (t *template) over() bool {
	select {
	case <-t.gone:
		return true
	default:
		return false
	}
}

// socketPair is two ends of a connection, the second for another process.
func socketPair() (net.Conn, *os.File, error) {
	syscall.ForkLock.RLock()
	fds, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
	if err == nil {
		syscall.CloseOnExec(fds[0])
		syscall.CloseOnExec(fds[1])
	}
	syscall.ForkLock.RUnlock()
	if err != nil {
		return nil, nil, fault.Wrap(fault.Unavailable, "worker", err, "make a connection")
	}
	ours, theirs := os.NewFile(uintptr(fds[0]), "worker"), os.NewFile(uintptr(fds[1]), "host")
	defer ours.Close()
	conn, err := net.FileConn(ours)
	if err != nil {
		theirs.Close()
		return nil, nil, fault.Wrap(fault.Unavailable, "worker", err, "make a connection")
	}
	return conn, theirs, nil
}
