package main

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime/pprof"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/lazuli-dev/lazuli/internal/stream"
	"github.com/lazuli-dev/lazuli/internal/streamsql"
)

// child runs one query to the end of its files and prints the result.
func child(args []string) error {
	flags := flag.NewFlagSet("job", flag.ContinueOnError)
	query := flags.String("query", "", "the script")
	every := flags.Duration("checkpoint", 0, "interval; 0 for none")
	dir := flags.String("dir", "", "folder of checkpoints")
	hub := flags.Bool("hub", false, "put the events into hubs first and read them from there")
	profile := flags.String("profile", "", "file for a CPU profile")
	if err := flags.Parse(args); err != nil {
		return err
	}
	program, err := streamsql.Compile(*query, streamsql.Options{})
	if err != nil {
		return err
	}
	out, saves := &countSink{}, &dirStore{dir: *dir}
	opts := stream.Options{
		Name: "bench", Program: program, Sources: map[string]stream.Source{}, Sinks: map[string]stream.Sink{"out": out},
		PartitionKeys: map[string]string{},
		Policy:        stream.TimePolicy{Late: stream.WaitForever, OutOfOrder: 100 * time.Millisecond, Unlimited: true},
		Start:         stream.StartAll,
	}
	for _, arg := range flags.Args() {
		name, files, ok := strings.Cut(arg, "=")
		if !ok {
			return fmt.Errorf("want name=file,file, not %q", arg)
		}
		opts.PartitionKeys[name] = "plant"
		opts.Sources[name] = fileSource(strings.Split(files, ","))
		if *hub {
			source, stop, err := fillHub(*dir, name, strings.Split(files, ","))
			if err != nil {
				return err
			}
			defer stop()
			opts.Sources[name] = source
		}
	}
	if *every > 0 {
		opts.Store, opts.Checkpoint = saves, *every
	}
	if *profile != "" {
		f, err := os.Create(*profile)
		if err != nil {
			return err
		}
		defer f.Close()
		if err := pprof.StartCPUProfile(f); err != nil {
			return err
		}
		defer pprof.StopCPUProfile()
	}
	job, err := stream.New(opts)
	if err != nil {
		return err
	}
	begin, cpu := time.Now(), cpuTime()
	if err := job.Run(context.Background()); err != nil {
		return err
	}
	m := job.Metrics()
	r := result{
		Seconds: time.Since(begin).Seconds(), CPU: (cpuTime() - cpu).Seconds(), Events: m.InputEvents, Rows: out.rows.Load(),
		Sum: out.sum.Load(), Peak: peakMemory(), Saves: m.Checkpoints, Bytes: saves.largest.Load(),
	}
	if lost := m.DroppedEvents + m.DeserializationErrors + m.ConversionErrors + m.RuntimeErrors + m.OutOfOrderEvents; lost > 0 {
		return fmt.Errorf("%d events are lost or moved: %+v", lost, m)
	}
	return json.NewEncoder(os.Stdout).Encode(r)
}

// countSink counts rows, and adds up n where rows begin with it.
type countSink struct{ rows, sum atomic.Int64 }

var firstIsN = []byte(`{"n":`)

func (c *countSink) Write(_ context.Context, b stream.OutputBatch) error {
	var sum int64
	for i := range b.Rows {
		if rest, ok := bytes.CutPrefix(b.Rows[i].JSON, firstIsN); ok {
			end := bytes.IndexByte(rest, ',')
			n, err := strconv.ParseInt(string(rest[:end]), 10, 64)
			if err != nil {
				return err
			}
			sum += n
		}
	}
	c.rows.Add(int64(len(b.Rows)))
	c.sum.Add(sum)
	return nil
}

// fileSource reads JSON lines; each file is a partition, offsets are bytes.
type fileSource []string

func (s fileSource) Partitions(context.Context) (int, error) { return len(s), nil }

func (s fileSource) Open(_ context.Context, partition int, at stream.Position) (stream.Reader, error) {
	f, err := os.Open(s[partition])
	if err != nil {
		return nil, err
	}
	return &fileReader{f: f, pos: max(at.Offset, 0), line: 256}, nil
}

type fileReader struct {
	f    *os.File
	pos  int64
	line int // bytes of a line, about
}

func (r *fileReader) Backlog() int64 { return -1 }
func (r *fileReader) Close() error   { return r.f.Close() }

func (r *fileReader) Read(_ context.Context, b *stream.Batch, max int) error {
	if want := (max + 8) * r.line; cap(b.Buf) < want {
		b.Buf = make([]byte, want)
	}
	b.Buf = b.Buf[:cap(b.Buf)]
	n, err := r.f.ReadAt(b.Buf, r.pos)
	if n == 0 {
		return err
	}
	text := b.Buf[:n]
	b.Events = b.Events[:0]
	used := 0
	for len(b.Events) < max {
		end := bytes.IndexByte(text[used:], '\n')
		if end < 0 {
			break
		}
		b.Events = append(b.Events, stream.Event{Offset: r.pos + int64(used), Body: text[used : used+end]})
		used += end + 1
	}
	if used == 0 {
		return fmt.Errorf("no line ends within %d bytes at %d: %w", n, r.pos, io.ErrUnexpectedEOF)
	}
	r.pos += int64(used)
	r.line = used/len(b.Events) + 1
	return nil
}

// dirStore keeps a lane's checkpoint in a file, synced before it replaces the
// one before.
type dirStore struct {
	dir     string
	largest atomic.Int64 // bytes of a checkpoint
}

func (d *dirStore) Load(context.Context, string) ([]byte, [][]byte, error) { return nil, nil, nil }

func (d *dirStore) Append(context.Context, string, []byte) error { return nil }

func (d *dirStore) Save(_ context.Context, lane string, state []byte, _ [][]byte) error {
	d.largest.Store(max(d.largest.Load(), int64(len(state))))
	if err := os.MkdirAll(d.dir, 0o700); err != nil {
		return err
	}
	path := filepath.Join(d.dir, lane)
	f, err := os.Create(path + ".part")
	if err != nil {
		return err
	}
	defer f.Close()
	if _, err := f.Write(state); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	return os.Rename(path+".part", path)
}
