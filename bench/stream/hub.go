package main

import (
	"bufio"
	"context"
	"errors"
	"io"
	"os"

	"github.com/lazuli-dev/lazuli/internal/amqp"
	"github.com/lazuli-dev/lazuli/internal/broker"
	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/stream"
	"github.com/lazuli-dev/lazuli/internal/vfs"
)

// hubSource reads a hub of the durable broker, in this process as jobs do. It
// ends where the hub ends.
type hubSource struct{ hub *broker.Hub }

// fillHub makes a broker in a new folder below dir and appends the events of
// the files, a file to each partition, as stored AMQP messages. stop ends it.
func fillHub(dir, name string, files []string) (source hubSource, stop func(), err error) {
	if dir, err = os.MkdirTemp(dir, "hub-"); err != nil {
		return source, nil, err
	}
	b, err := broker.Open(broker.Options{FS: vfs.Default, Dir: dir})
	if err != nil {
		return source, nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- b.Run(ctx) }()
	stop = func() {
		cancel()
		<-ended
		b.Close()
		os.RemoveAll(dir)
	}
	hub, err := b.Namespace(1).EnsureHub(broker.HubConfig{Name: name, Partitions: len(files)})
	for i, file := range files {
		if err == nil {
			err = fillPartition(hub, i, file)
		}
	}
	if err != nil {
		stop()
		return source, nil, err
	}
	return hubSource{hub}, stop, nil
}

// fillPartition appends a thousand events at a time.
func fillPartition(hub *broker.Hub, id int, file string) error {
	p, err := hub.Partition(id)
	if err != nil {
		return err
	}
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	stored := make(chan error, 1)
	var batch broker.Append
	flush := func() error {
		if len(batch.Records) == 0 {
			return nil
		}
		p.Append(batch, func(r broker.AppendResult) { stored <- r.Err })
		batch = broker.Append{}
		return <-stored
	}
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		batch.Records = append(batch.Records, amqp.AppendDataSection(nil, lines.Bytes()))
		if len(batch.Records) == 1000 {
			if err := flush(); err != nil {
				return err
			}
		}
	}
	return errors.Join(lines.Err(), flush())
}

func (s hubSource) Partitions(context.Context) (int, error) { return s.hub.PartitionCount(), nil }

func (s hubSource) Open(_ context.Context, partition int, _ stream.Position) (stream.Reader, error) {
	p, err := s.hub.Partition(partition)
	if err != nil {
		return nil, err
	}
	r, err := p.NewReader(broker.FromStart())
	if err != nil {
		return nil, err
	}
	return &hubReader{r: r}, nil
}

type hubReader struct {
	r       *broker.Reader
	records []broker.Record
}

func (r *hubReader) Backlog() int64 { return -1 }
func (r *hubReader) Close() error   { return r.r.Close() }

func (r *hubReader) Read(_ context.Context, b *stream.Batch, max int) error {
	var err error
	if r.records, err = r.r.Next(max, 1<<20, r.records[:0]); err != nil {
		return err
	}
	if len(r.records) == 0 {
		return io.EOF
	}
	b.Events = b.Events[:0]
	for i := range r.records {
		rec := &r.records[i]
		for it := amqp.ScanSections(rec.Body); it.Next(); {
			if it.Section.Kind != amqp.SectionData {
				continue
			}
			body, err := it.Section.Binary()
			if err != nil {
				return fault.Wrap(fault.Internal, "hub", err, "record %d", rec.Sequence)
			}
			b.Events = append(b.Events, stream.Event{Offset: rec.Sequence, Arrival: stream.Ticks(rec.EnqueuedAt), Body: body})
		}
	}
	return nil
}
