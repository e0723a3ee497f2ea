package outside

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
)

// World is what programs are to find on this machine.
type World struct {
	Names  []string // host names of Azure's
	Within []string // further ones, for a program with a hosts file of its own alone
	Local  []string // names for what localhost means, for such a program too
	// Later are all names of Azure's and all for what localhost means, as they are
	// now: a program with a hosts file of its own finds those that have come. It is
	// asked many times a second; nil when none come.
	Later    func() (names, below []string)
	Standard []Port // the ports that Azure's clients assume
	Own      []Port // lazuli's own ports, for who cannot see the machine's network
	// Listeners are lazuli's own, host:port. A standard port that one of them
	// has needs no relay.
	Listeners []string
	Authority []byte     // certificate of the local authority, PEM
	Set       []Variable // beyond those of trust
	Unset     []string
	StandIns  []StandIn // for programs that the machine has not
}

// Network says how the standard ports come to lead to lazuli.
type Network string

// The networks that can be asked for.
const (
	Auto    Network = "auto"    // the machine's where that can be, else Private
	Host    Network = "host"    // the machine's
	Private Network = "private" // a network of the program's own, with no way out
)

// Program is a program to run.
type Program struct {
	Path string
	Args []string // beginning with the name that it is called by
}

// Room is where one program runs. Close must follow.
type Room struct {
	Names   []string // of ours that do not lead here; none when all is as in Azure
	Ports   []uint16 // standard ones that do not lead here
	Why     string   // what was tried before this and is not allowed
	Network Network  // Host or Private, which it came to be

	world   World
	folder  *folder
	env     environment
	nested  bool // we are in a room with the same lazuli
	vars    []Variable
	dropped []string
	inside  inside // of the system

	cancel context.CancelFunc
	relays sync.WaitGroup
}

// Open makes a room. What the system does not allow is in Names and Ports, and no
// error; a network that was asked for and cannot be had is one. The calling
// goroutine must be the one that calls Run and Close.
func Open(ctx context.Context, w World, network Network, environ []string) (*Room, error) {
	r, err := Variables(w, environ)
	if err != nil {
		return nil, err
	}
	runtime.LockOSThread() // the stage dies with the thread that begins it
	defer runtime.UnlockOSThread()
	ctx, r.cancel = context.WithCancel(ctx)
	if err := r.open(ctx, network); err != nil {
		r.Close()
		return nil, err
	}
	return r, nil
}

// Variables is a room that no program will run in: its files and variables
// alone.
func Variables(w World, environ []string) (*Room, error) {
	f, err := newFolder(w.Authority)
	if err != nil {
		return nil, fmt.Errorf("folder for the program's files: %w", err)
	}
	r := &Room{world: w, folder: f, env: parseEnviron(environ), cancel: func() {}}
	if err := r.furnish(); err != nil {
		f.remove()
		return nil, fmt.Errorf("files for the program: %w", err)
	}
	return r, nil
}

// furnish writes the files and settles the variables.
func (r *Room) furnish() error {
	trust, err := r.folder.trusting(r.env)
	if err != nil {
		return err
	}
	programs, err := r.folder.standIns(r.env, r.world.StandIns)
	if err != nil {
		return err
	}
	r.vars = slices.Concat(trust, programs, r.world.Set)
	r.vars = append(r.vars, r.env.exempt(r.world.all())...)
	r.nested = r.env[markName] == r.world.mark()
	r.vars = append(r.vars, Variable{markName, r.world.mark(), "a lazuli exec in this one has nothing to do"})
	for _, name := range r.world.Unset {
		if _, set := r.env[name]; set {
			r.dropped = append(r.dropped, name)
			delete(r.env, name)
		}
	}
	for _, v := range r.vars {
		r.env[v.Name] = v.Value
	}
	return nil
}

// Set are the variables that programs get, and Unset those that they lose.
func (r *Room) Set() []Variable { return r.vars }

// Passed are lines on the files of certificates that the environment names and
// that programs do not get, as "SSL_CERT_FILE is as if it were not set: …".
func (r *Room) Passed() []string { return r.folder.passed }

// Unset are the variables that programs lose.
func (r *Room) Unset() []string { return r.dropped }

// Holds reports whether a value names files that go with the room.
func (r *Room) Holds(value string) bool { return strings.Contains(value, r.folder.dir) }

// Close ends the relays and removes the files. Where the program left others
// running that the kernel asks us about, the files go when those have ended.
func (r *Room) Close() {
	r.cancel()
	r.leave()
	r.relays.Wait()
	if !r.left() {
		r.folder.remove()
	}
}

// unknown are the names that the hosts file does not lead here.
func unknown(names []string) []string {
	text, _ := os.ReadFile(HostsFile()) // one that cannot be read names nothing
	return missingNames(text, names)
}

// markName is the variable by which a room knows one around it.
const markName = "LAZULI_EXEC"

// mark tells lazulis apart, by their authorities.
func (w World) mark() string {
	sum := sha256.Sum256(w.Authority)
	return hex.EncodeToString(sum[:8])
}

// all are the names that a program with a hosts file of its own finds.
func (w World) all() []string { return slices.Concat(w.Names, w.Within, w.Local) }

// block has all names in a hosts file: those of Azure mean an address.
func (w World) block(address string) string {
	return marked(lines(slices.Concat(w.Names, w.Within), address) + lines(w.Local, local))
}

// reasons joins what was tried and failed.
func reasons(failed []error) string {
	var all []string
	for _, err := range failed {
		all = append(all, err.Error())
	}
	return strings.Join(all, "; ")
}
