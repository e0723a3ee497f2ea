//go:build !linux

package outside

import (
	"context"
	"errors"
	"os"
	"os/exec"
)

// StageVerb is no command here.
const StageVerb = "_stage"

// Stage is not needed here.
func Stage([]string) int { return 2 }

type inside struct{}

func (r *Room) leave() {}

func (r *Room) left() bool { return false }

// open takes what ports it may: a program's view of names and files cannot be
// changed here.
func (r *Room) open(ctx context.Context, network Network) error {
	if network == Private {
		return errors.New("a network of the program's own can be had on Linux only")
	}
	held := r.world.bind(local)
	r.Network, r.Ports = Host, held.missing
	r.Why = "only Linux lets a program have names and files of its own"
	r.serve(ctx, held.listeners, held.ports)
	r.Names = unknown(r.world.Names)
	return nil
}

// start starts the program.
func (r *Room) start(p Program) (*exec.Cmd, error) {
	cmd := exec.Command(p.Path)
	cmd.Args, cmd.Env = p.Args, r.env.list()
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	return cmd, cmd.Start()
}

// String says how the program was put in its place.
func (r *Room) String() string { return "the program has variables alone: " + r.Why }
