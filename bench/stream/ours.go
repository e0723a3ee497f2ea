package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Names of engines.
const (
	lazuli        = "Lazuli"
	checkpointing = "Lazuli, with checkpoints"
	fromHub       = "Lazuli, from a hub"
	flinkSQL      = "Flink"
	beam          = "Beam"
)

// peers are the engines that are not ours.
var peers = []string{flinkSQL, beam}

// isPeer says that an engine may fail and the run goes on.
func isPeer(name string) bool { return slices.Contains(peers, name) }

// engine runs a workload.
type engine interface {
	name() string
	runs(w workload) bool
	run(ctx context.Context, w workload, inputs map[string]input, cores int) (result, error)
}

// result is what a process prints.
type result struct {
	Seconds float64 `json:"seconds"`    // wall clock
	CPU     float64 `json:"cpuSeconds"` // user and system, of all threads
	Events  int64   `json:"events"`     // taken in; 0 if the engine does not say
	Rows    int64   `json:"rows"`
	Sum     int64   `json:"sum"`  // of the column n
	Peak    float64 `json:"peak"` // resident memory in MiB
	Saves   int64   `json:"saves"`
	Bytes   int64   `json:"bytes"` // of the largest checkpoint of a lane
	Late    bool    `json:"-"`     // it did not end in time, or failed; nothing else is set
}

// ours is Lazuli's engine in a child process of this program.
type ours struct {
	settings
	every time.Duration // checkpoint interval; 0 for none
	hub   bool          // read from a hub
}

func (o ours) name() string {
	switch {
	case o.every > 0:
		return checkpointing
	case o.hub:
		return fromHub
	}
	return lazuli
}

// runs takes checkpoints where the workload asks for it, and reads from a hub
// unless it is about memory.
func (o ours) runs(w workload) bool {
	return o.every == 0 && !o.hub || o.every > 0 && w.checkpoints || o.hub && !w.memory
}

func (o ours) run(ctx context.Context, w workload, inputs map[string]input, cores int) (result, error) {
	self, err := os.Executable()
	if err != nil {
		return result{}, err
	}
	if err := os.MkdirAll(filepath.Join(o.dir, "state"), 0o700); err != nil {
		return result{}, err
	}
	args := []string{"job", "-query", w.ours, "-checkpoint", o.every.String(), "-dir", filepath.Join(o.dir, "state"), fmt.Sprintf("-hub=%t", o.hub)}
	if o.profile != "" && cores == 1 && o.every == 0 && !o.hub {
		if err := os.MkdirAll(o.profile, 0o700); err != nil {
			return result{}, err
		}
		args = append(args, "-profile", filepath.Join(o.profile, w.name+".prof"))
	}
	for name, in := range inputs {
		args = append(args, name+"="+strings.Join(in.files, ","))
	}
	lines, err := pinned(ctx, o.limit, cores, []string{fmt.Sprintf("GOMAXPROCS=%d", cores)}, self, args...)
	if err != nil {
		return result{}, err
	}
	var r result
	return r, json.Unmarshal([]byte(lines[len(lines)-1]), &r)
}

// pinned runs a command on the first cores of the machine and returns the lines
// that it printed.
func pinned(ctx context.Context, limit time.Duration, cores int, env []string, name string, args ...string) ([]string, error) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	if path, err := exec.LookPath("taskset"); err == nil {
		args = append([]string{"-c", fmt.Sprintf("0-%d", cores-1), name}, args...)
		name = path
	}
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Env = append(os.Environ(), env...)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, err
	}
	text := strings.TrimSpace(string(out))
	if text == "" {
		return nil, fmt.Errorf("%s printed nothing", filepath.Base(name))
	}
	return strings.Split(text, "\n"), nil
}
