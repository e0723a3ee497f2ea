package worker

import (
	"bufio"
	"context"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"time"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/uuid"
)

// What a worker finds in its environment. An address is unix:PATH or
// tcp:HOST:PORT; the token is the first thing that a worker says.
const (
	PipeAddress = "LAZULI_WORKER_ADDRESS"
	PipeToken   = "LAZULI_WORKER_TOKEN"
)

// Bounds of the first message: who does not say the token at once is no worker.
const (
	helloLimit     = 10 * time.Second
	maxSocketPath  = 100 // of 104 that the systems allow
	windows        = "windows"
	startVerb      = "start"
	maxHelloHeader = 4 << 10
)

// pipeDoor is where one worker connects: a socket in a folder of its own, or a
// loopback port where interpreters have no such sockets. It is closed once the
// worker has come.
type pipeDoor struct {
	listener net.Listener
	address  string
	token    string
	folder   string // "" with a port
	log      *slog.Logger
}

// openDoor listens. loopback gives a port where one is needed.
func openDoor(loopback func() (net.Listener, error), log *slog.Logger) (*pipeDoor, error) {
	d := &pipeDoor{token: uuid.New(), log: log}
	if runtime.GOOS != windows {
		if err := d.socket(); err != nil {
			return nil, err
		}
	}
	if d.listener != nil {
		return d, nil
	}
	if loopback == nil {
		return nil, fault.New(fault.Invalid, "worker", "workers need a socket here, and no way to a loopback port was given")
	}
	l, err := loopback()
	if err != nil {
		return nil, fault.Wrap(fault.Unavailable, "worker", err, "listen for it")
	}
	d.listener, d.address = l, "tcp:"+l.Addr().String()
	return d, nil
}

// socket listens in a folder that only this user can enter. Where the folder for
// temporary files has too long a name it does nothing.
func (d *pipeDoor) socket() error {
	folder, err := os.MkdirTemp("", "lazuli-worker-") // 0700
	if err != nil {
		return fault.Wrap(fault.Unavailable, "worker", err, "make a folder for its socket")
	}
	path := filepath.Join(folder, "pipe")
	if len(path) > maxSocketPath {
		return os.Remove(folder)
	}
	if d.listener, err = net.Listen("unix", path); err != nil {
		_ = os.Remove(folder) // the reason is told below
		return fault.Wrap(fault.Unavailable, "worker", err, "listen on its socket")
	}
	d.folder, d.address = folder, "unix:"+path
	return nil
}

func (d *pipeDoor) environment() []string {
	return []string{PipeAddress + "=" + d.address, PipeToken + "=" + d.token}
}

// close ends the listening and takes the socket away; connections stay.
func (d *pipeDoor) close() {
	_ = d.listener.Close() // it removes the socket
	if d.folder != "" {
		_ = os.RemoveAll(d.folder)
	}
}

// admit gives the first connection that says the token to dialed. It returns
// when the door is closed and all others have been turned away.
func (d *pipeDoor) admit(ctx context.Context, dialed chan<- *pipeStream) {
	var greeting sync.WaitGroup
	defer greeting.Wait()
	for {
		conn, err := d.listener.Accept()
		if err != nil {
			return
		}
		greeting.Go(func() {
			stop := context.AfterFunc(ctx, func() { conn.Close() })
			if s := d.greet(conn); s != nil && stop() {
				select {
				case dialed <- s:
					return
				default: // another has come before
				}
			}
			conn.Close()
		})
	}
}

// greet reads the first message; nil for who is not the worker.
func (d *pipeDoor) greet(conn net.Conn) *pipeStream {
	if conn.SetReadDeadline(time.Now().Add(helloLimit)) != nil {
		return nil
	}
	s := newPipeStream(conn, d.log)
	hello, err := readHello(s.in)
	if err != nil || hello.Verb != startVerb || hello.Token != d.token {
		d.log.Warn("turned away who is not the worker that was started")
		return nil
	}
	if conn.SetReadDeadline(time.Time{}) != nil {
		return nil
	}
	return s
}

// readHello is readFrame with the bounds of who has not shown a token yet.
func readHello(r *bufio.Reader) (*pipeMessage, error) {
	length, err := r.Peek(4)
	if err != nil {
		return nil, err
	}
	if length[0] != 0 || length[1] != 0 || int(length[2])<<8|int(length[3]) > maxHelloHeader {
		return nil, fault.New(fault.Invalid, "worker", "its first message is too long")
	}
	m, err := readFrame(r)
	if err == nil && len(m.parts) > 0 {
		err = fault.New(fault.Invalid, "worker", "its first message has parts")
	}
	return m, err
}
