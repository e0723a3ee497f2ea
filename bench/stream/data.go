package main

import (
	"bufio"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"time"
)

// dataset describes a stream of events. Event i has the time i/rate after the
// beginning plus up to 49 ms, so that neighbours are out of order, but never by
// more than the 100 ms that both engines wait. No event falls on a whole
// second: our windows include their end and Flink's their beginning, and this
// way both mean the same rows.
type dataset struct {
	name string
	keys int
	rate int // events per second of event time
	size int // bytes of a line, with its newline
	part int // divides the number of events
	seed uint64
}

// big is the same dataset with events of 1 KB, an eighth as many.
func (d *dataset) big() *dataset {
	b := *d
	b.name, b.size, b.part = d.name+"-1k", 1024, 8*d.part
	return &b
}

// input is a dataset on disk, in one file for each partition. Events of a key
// are in one partition.
type input struct {
	events int
	bytes  int64
	files  []string
}

const jitterMillis = 50

// prepare writes the files of a workload's inputs unless they are there.
func prepare(s settings, w workload, partitions int) (map[string]input, error) {
	inputs := map[string]input{}
	for name, d := range w.inputs {
		in := input{events: s.events / d.part / max(w.part, 1)}
		for p := range partitions {
			in.files = append(in.files, filepath.Join(s.dir, fmt.Sprintf("%s-%d-%dof%d.json", d.name, in.events, p, partitions)))
		}
		if err := d.write(in); err != nil {
			return nil, err
		}
		for _, f := range in.files {
			st, err := os.Stat(f)
			if err != nil {
				return nil, err
			}
			in.bytes += st.Size()
		}
		inputs[name] = in
	}
	return inputs, nil
}

// write makes the files; an unfinished file has another name.
func (d *dataset) write(in input) error {
	missing := false
	for _, f := range in.files {
		if _, err := os.Stat(f); err != nil {
			missing = true
		}
	}
	if !missing {
		return nil
	}
	var out []*bufio.Writer
	for _, f := range in.files {
		file, err := os.Create(f + ".part")
		if err != nil {
			return err
		}
		defer file.Close()
		out = append(out, bufio.NewWriterSize(file, 1<<20))
	}
	random := rand.New(rand.NewPCG(d.seed, 1))
	begin := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	line := make([]byte, 0, d.size)
	for i := range in.events {
		key := random.IntN(d.keys)
		ms := int64(i)*1000/int64(d.rate) + random.Int64N(jitterMillis)
		if ms%1000 == 0 {
			ms++
		}
		line = d.event(line[:0], i, key, begin.Add(time.Duration(ms)*time.Millisecond), random)
		if _, err := out[key%len(out)].Write(line); err != nil {
			return err
		}
	}
	for i, w := range out {
		if err := w.Flush(); err != nil {
			return err
		}
		if err := os.Rename(in.files[i]+".part", in.files[i]); err != nil {
			return err
		}
	}
	return nil
}

// event appends one line of d.size bytes.
func (d *dataset) event(b []byte, id, key int, t time.Time, random *rand.Rand) []byte {
	b = append(b, `{"id":`...)
	b = strconv.AppendInt(b, int64(id), 10)
	b = append(b, `,"plant":"plant-`...)
	b = fmt.Appendf(b, "%06d", key)
	b = append(b, `","ts":"`...)
	b = t.AppendFormat(b, "2006-01-02T15:04:05.000Z")
	b = append(b, `","power":`...)
	b = strconv.AppendFloat(b, float64(random.IntN(100_000))/100, 'f', 2, 64)
	b = append(b, `,"temp":`...)
	b = strconv.AppendFloat(b, float64(random.IntN(5000))/100, 'f', 2, 64)
	b = append(b, `,"state":"`...)
	for len(b) < d.size-3 {
		b = append(b, "operational "[len(b)%12])
	}
	return append(b, "\"}\n"...)
}
