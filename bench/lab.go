package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/lazuli-dev/lazuli/internal/config"
	"github.com/lazuli-dev/lazuli/internal/connect"
	"github.com/lazuli-dev/lazuli/internal/instance"
)

// lab holds the binaries under test and a scratch folder on the same disk.
type lab struct {
	dir       string
	lazuli    string
	telemetry string
	seconds   time.Duration
	profile   bool
}

func newLab(seconds time.Duration, profile bool) (*lab, error) {
	if err := os.MkdirAll(filepath.Join("bench", "out"), 0o700); err != nil {
		return nil, fmt.Errorf("run it from the repository's root: %w", err)
	}
	dir, err := os.MkdirTemp(filepath.Join("bench", "out"), "run-")
	if err != nil {
		return nil, err
	}
	if dir, err = filepath.Abs(dir); err != nil {
		return nil, err
	}
	l := &lab{dir: dir, lazuli: filepath.Join(dir, "lazuli"), telemetry: filepath.Join(dir, "telemetry"), seconds: seconds, profile: profile}
	for out, pkg := range map[string]string{l.lazuli: "./cmd/lazuli", l.telemetry: "./examples/telemetry/app"} {
		cmd := exec.Command("go", "build", "-o", out, pkg)
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
		if text, err := cmd.CombinedOutput(); err != nil {
			return nil, fmt.Errorf("build %s: %w\n%s", pkg, err, text)
		}
	}
	return l, nil
}

func (l *lab) close() { os.RemoveAll(l.dir) }

// projectFile is the project of the workloads; ports are free ones.
const projectFile = `
eventHubs: {amqpPort: 0, amqpsPort: 0, hubs: {bench: {partitions: 4}, telemetry_events: {partitions: 4}}}
cosmos:
  port: 0
  databases:
    serverless_db:
      containers:
        events: {partitionKey: /deviceId}
        bench:  {partitionKey: /deviceId}
        leases: {partitionKey: /id}
portal: {port: 0}
identity: {port: 0}
storage: {blobPort: 0, queuePort: 0, tablePort: 0}
`

// server is a running lazuli.
type server struct {
	cmd        *exec.Cmd
	info       instance.Info
	connection connect.Facts
	output     string // file with what it printed
	started    time.Time
	ready      time.Duration
}

// start starts lazuli on a fresh data folder, with the telemetry function app
// or without, and waits until it is ready.
func (l *lab) start(ctx context.Context, withApp bool) (*server, error) {
	dir, err := os.MkdirTemp(l.dir, "project-")
	if err != nil {
		return nil, err
	}
	text := projectFile
	if withApp {
		path, err := filepath.Abs("examples/telemetry/app")
		if err != nil {
			return nil, err
		}
		text += fmt.Sprintf("functions: {port: 0, apps: {telemetry: {path: %q, binary: %q}}}\n", path, l.telemetry)
	}
	if err := os.WriteFile(filepath.Join(dir, config.FileName), []byte(text), 0o600); err != nil {
		return nil, err
	}
	return l.startIn(ctx, dir)
}

// startIn starts lazuli on a project folder that may hold data.
func (l *lab) startIn(ctx context.Context, dir string) (*server, error) {
	s := &server{output: filepath.Join(dir, "output.txt"), started: time.Now()}
	out, err := os.OpenFile(s.output, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	defer out.Close()
	args := []string{"up", dir, "--log-format", "text"}
	if l.profile {
		args = append(args, "--cpu-profile", filepath.Join("bench", "out", fmt.Sprintf("cpu-%d.prof", time.Now().UnixMilli())))
	}
	s.cmd = exec.Command(l.lazuli, args...)
	s.cmd.Stdout, s.cmd.Stderr = out, out
	s.cmd.Env = append(os.Environ(), "LAZULI_RUN_DIR="+filepath.Join(dir, "run"))
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	if err := s.waitReady(ctx, filepath.Join(dir, ".lazuli", instance.File)); err != nil {
		s.stop()
		return nil, err
	}
	s.connection, err = connect.Of(s.info, connect.Choice{})
	return s, err
}

// readyLimit bounds a start, in which an app's packages may be installed.
const readyLimit = 2 * time.Minute

func (s *server) waitReady(ctx context.Context, file string) error {
	ctx, cancel := context.WithTimeout(ctx, readyLimit)
	defer cancel()
	for {
		data, err := os.ReadFile(file)
		if err == nil && json.Unmarshal(data, &s.info) == nil && s.info.Ready && s.info.PID == s.cmd.Process.Pid {
			s.ready = time.Since(s.started)
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("lazuli was not ready, see %s: %w", s.output, ctx.Err())
		case <-time.After(time.Millisecond):
		}
	}
}

// stop interrupts the process and waits for its end.
func (s *server) stop() {
	s.cmd.Process.Signal(syscall.SIGINT)
	s.cmd.Wait()
}

// cpu returns the CPU time the process has used.
func (s *server) cpu() time.Duration { return cpuOf(s.cmd.Process.Pid) }

// cpuOf reads utime and stime of a process, in ticks of 10 ms.
func cpuOf(pid int) time.Duration {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(data), ") ")
	f := strings.Fields(rest)
	if len(f) < 13 {
		return 0
	}
	user, _ := strconv.Atoi(f[11])
	system, _ := strconv.Atoi(f[12])
	return time.Duration(user+system) * 10 * time.Millisecond
}

// worker returns the process id of the function app's worker, or 0.
func (s *server) worker() int {
	pid := s.cmd.Process.Pid
	var children []string
	tasks, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	for _, t := range tasks {
		if data, err := os.ReadFile(t); err == nil {
			children = append(children, strings.Fields(string(data))...)
		}
	}
	if len(children) == 0 {
		return 0
	}
	worker, _ := strconv.Atoi(children[0])
	return worker
}

// memory returns resident memory, now and at its peak, in MiB.
func (s *server) memory() (now, peak float64) { return memoryOf(s.cmd.Process.Pid) }

func memoryOf(pid int) (now, peak float64) {
	f, err := os.Open(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, 0
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		name, value, _ := strings.Cut(lines.Text(), ":")
		kb, _ := strconv.ParseFloat(strings.TrimSuffix(strings.TrimSpace(value), " kB"), 64)
		switch name {
		case "VmRSS":
			now = kb / 1024
		case "VmHWM":
			peak = kb / 1024
		}
	}
	return now, peak
}

// machine describes where the numbers come from.
func machine() string {
	model := "unknown CPU"
	if data, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		for line := range strings.Lines(string(data)) {
			if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
				model = strings.TrimSpace(value)
				break
			}
		}
	}
	return fmt.Sprintf("%s, %d cores, %s, %s/%s, %s", model, runtime.NumCPU(), runtime.Version(), runtime.GOOS, runtime.GOARCH,
		time.Now().UTC().Format("2006-01-02"))
}

// client returns an HTTP client with n connections to one host, trusting
// anyone: loopback is the only peer.
func client(n int) *http.Client {
	return &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: n, MaxConnsPerHost: n}, Timeout: 30 * time.Second}
}

var errShort = errors.New("too few samples")

// percentile returns the p-th percentile of sorted samples.
func percentile(sorted []time.Duration, p float64) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[min(len(sorted)-1, int(p/100*float64(len(sorted))))]
}

func rate(n int64, d time.Duration) string {
	return fmt.Sprintf("%.0f", float64(n)/d.Seconds())
}

func ms(d time.Duration) string { return fmt.Sprintf("%.2f ms", float64(d.Microseconds())/1000) }
