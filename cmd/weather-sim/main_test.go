package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/lazuli-dev/lazuli/examples/solar/sim"
)

// It says where it serves, answers there, and ends with its context.
func TestServes(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	said, out := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		ended <- command(ctx, []string{"-listen", "127.0.0.1:0", "-speed", "20", "-from", "9", "-to", "16"}, out)
	}()
	line, err := bufio.NewReader(said).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	url, _, _ := strings.Cut(strings.TrimPrefix(line, "serving "), ",")
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"?latitude=36.8&longitude=126.6&site=chungnam-01&current=generation_kw", nil)
	if err != nil {
		t.Fatalf("%q: %v", line, err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK || !strings.Contains(string(body), `"generation_kw":`) {
		t.Errorf("%s %s %v", resp.Status, body, err)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Errorf("at the end: %v", err)
	}
}

// A port that is taken is named with the settings to change.
func TestBusyPort(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	err = command(t.Context(), []string{"-listen", taken.Addr().String()}, io.Discard)
	for _, want := range []string{taken.Addr().String(), "in use", "processes.weather-sim.args", "WEATHER_API_URL"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q in it", err, want)
		}
	}
}

func TestRefuses(t *testing.T) {
	for args, want := range map[string]string{
		"-faults /no/such.csv":   "no such file",
		"-speed x":               "--help",
		"faults.csv":             `"faults.csv" is not a flag`,
		"-from 16 -to 9":         "hours",
		"-listen 127.0.0.1:port": "port",
	} {
		err := command(t.Context(), strings.Fields(args), io.Discard)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", args, err, want)
		}
	}
}

// The schedule that the help shows is one: every kind, and plants that exist.
func TestHelp(t *testing.T) {
	var out strings.Builder
	if err := command(t.Context(), []string{"--help"}, &out); !errors.Is(err, flag.ErrHelp) {
		t.Fatal(err)
	}
	for _, name := range []string{"-listen", "-speed", "-from", "-to", "-faults"} {
		if !strings.Contains(out.String(), "\n  "+name+" ") {
			t.Errorf("the help does not list %s", name)
		}
	}
	_, rest, _ := strings.Cut(out.String(), "  kind,")
	text, _, _ := strings.Cut("kind,"+rest, "\n\n")
	var lines []string
	for line := range strings.Lines(text) {
		line, _, _ = strings.Cut(strings.TrimSpace(line), " ")
		lines = append(lines, line)
	}
	faults, err := sim.ReadFaults(strings.NewReader(strings.Join(lines, "\n")))
	if err != nil || len(faults) != 5 {
		t.Fatalf("%d faults: %v", len(faults), err)
	}
	if _, err := sim.New(sim.Options{Faults: faults}); err != nil {
		t.Error(err)
	}
}

// The bundled schedule can be given as a file.
func TestScheduleFromFile(t *testing.T) {
	bundled, err := schedule("bundled")
	if err != nil {
		t.Fatal(err)
	}
	file, err := schedule(filepath.Join("..", "..", "examples", "solar", "sim", "faults.csv"))
	if err != nil || len(file) != len(bundled) {
		t.Errorf("%d faults, want %d: %v", len(file), len(bundled), err)
	}
}
