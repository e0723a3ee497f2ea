package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// flink is the peer: Apache Flink SQL in an embedded cluster.
type flink struct {
	settings
	classes string
}

// newFlink builds the peer. Maven takes the jars from where it is set up to.
func newFlink(ctx context.Context, s settings) (*flink, error) {
	for _, tool := range []string{"java", "mvn"} {
		if _, err := exec.LookPath(tool); err != nil {
			return nil, errors.New("there is no " + tool)
		}
	}
	dir, err := filepath.Abs(filepath.Join("bench", "peers", "flink"))
	if err != nil {
		return nil, err
	}
	build := exec.CommandContext(ctx, "mvn", "-q", "-B", "package")
	build.Dir = dir
	if text, err := build.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("mvn package: %w\n%s", err, text)
	}
	return &flink{settings: s, classes: filepath.Join(dir, "target", "classes") + ":" + filepath.Join(dir, "target", "lib") + "/*"}, nil
}

func (f *flink) name() string { return flinkSQL }

func (f *flink) runs(w workload) bool { return w.flink != "" }

// opens are the packages that Flink reflects on, as its own scripts open them.
var opens = []string{
	"java.base/java.lang", "java.base/java.net", "java.base/java.io", "java.base/java.nio",
	"java.base/sun.nio.ch", "java.base/java.lang.reflect", "java.base/java.text", "java.base/java.time",
	"java.base/java.util", "java.base/java.util.concurrent", "java.base/java.util.concurrent.atomic",
	"java.base/java.util.concurrent.locks",
}

func (f *flink) run(ctx context.Context, w workload, inputs map[string]input, cores int) (result, error) {
	script, err := f.script(w, inputs)
	if err != nil {
		return result{}, err
	}
	var args []string
	for _, p := range opens {
		args = append(args, "--add-opens="+p+"=ALL-UNNAMED")
	}
	args = append(args, "-Xmx6g", "-cp", f.classes, "bench.Peer", script, fmt.Sprint(cores), fmt.Sprint(f.passes), "0s")
	lines, err := pinned(ctx, f.limit, cores, nil, "java", args...)
	if err != nil {
		return result{}, err
	}
	var r, first result
	if err := json.Unmarshal([]byte(lines[0]), &first); err == nil {
		fmt.Fprintf(os.Stderr, "%-20s %d cores %-8s %.1f s of CPU in the first of %d passes\n", w.name, cores, flinkSQL, first.CPU, f.passes)
	}
	return r, json.Unmarshal([]byte(lines[len(lines)-1]), &r)
}

// script writes the SQL: tables over folders that hold links to the event
// files, the counting sink, the query.
func (f *flink) script(w workload, inputs map[string]input) (string, error) {
	dir := filepath.Join(f.dir, "flink")
	if err := os.RemoveAll(dir); err != nil {
		return "", err
	}
	var b strings.Builder
	names := make([]string, 0, len(inputs))
	for name := range inputs {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		folder := filepath.Join(dir, name)
		if err := os.MkdirAll(folder, 0o700); err != nil {
			return "", err
		}
		for _, file := range inputs[name].files {
			if err := os.Link(file, filepath.Join(folder, filepath.Base(file))); err != nil {
				return "", err
			}
		}
		watermark := ", WATERMARK FOR ts AS ts - INTERVAL '0.1' SECOND"
		if strings.HasPrefix(w.name, "filter") {
			watermark = ""
		}
		fmt.Fprintf(&b, "CREATE TABLE %s (id BIGINT, plant STRING, ts TIMESTAMP_LTZ(3), power DOUBLE, temp DOUBLE%s) WITH "+
			"('connector'='filesystem', 'path'='file://%s', 'format'='json', 'json.timestamp-format.standard'='ISO-8601');\n", name, watermark, folder)
	}
	fmt.Fprintf(&b, "CREATE TABLE counted (%s) WITH ('connector'='count');\n", w.sink)
	fmt.Fprintf(&b, "INSERT INTO counted %s", w.flink)
	path := filepath.Join(dir, "query.sql")
	text := strings.ReplaceAll(b.String(), "power", "`power`") // a word of its grammar
	return path, os.WriteFile(path, []byte(text), 0o600)
}
