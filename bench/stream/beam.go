package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// beamPeer is the peer in Go: Apache Beam's Go SDK on its local runner, Prism.
// It has no SQL; bench/peers/beam has the queries as pipelines.
type beamPeer struct {
	settings
	program string
}

// newBeam builds the peer, a module of its own. Go takes what it needs from
// where it is set up to.
func newBeam(ctx context.Context, s settings) (*beamPeer, error) {
	program := filepath.Join(s.dir, "beam")
	build := exec.CommandContext(ctx, "go", "build", "-o", program, ".")
	build.Dir = filepath.Join("bench", "peers", "beam")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if text, err := build.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("go build: %w\n%s", err, text)
	}
	return &beamPeer{settings: s, program: program}, nil
}

func (b *beamPeer) name() string { return beam }

func (b *beamPeer) runs(w workload) bool { return w.beam != "" }

func (b *beamPeer) run(ctx context.Context, w workload, inputs map[string]input, cores int) (result, error) {
	args := append([]string{"-query", w.beam}, inputs["ev"].files...)
	lines, err := pinned(ctx, b.limit, cores, []string{fmt.Sprintf("GOMAXPROCS=%d", cores)}, b.program, args...)
	if err != nil {
		return result{}, err
	}
	// The runner logs to the same stream; the result is the last line.
	var r result
	return r, json.Unmarshal([]byte(lines[len(lines)-1]), &r)
}
