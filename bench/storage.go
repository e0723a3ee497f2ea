package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"
)

// Sizes of the storage workload.
const (
	smallBlob  = 1 << 10
	largeBlob  = 1 << 30
	blockBytes = 8 << 20
	blockLanes = 4       // blocks and ranges in flight
	manyBlobs  = 100_000 // that are listed
)

// storageServices measures blobs, queues and tables beside Azurite, which keeps its files
// too, by the same requests, signed the same way.
func storageServices(ctx context.Context, l *lab) error {
	disk, err := diskSpeed(l.dir)
	if err != nil {
		return err
	}
	var all []storageResult
	for _, start := range []func(context.Context, *lab) (*storagePeer, error){lazuliStorage, azurite} {
		p, err := start(ctx, l)
		if err != nil {
			return err
		}
		r, err := p.measure(ctx, l)
		p.stop()
		if err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
		all = append(all, r)
	}
	fmt.Printf("raw write of 1 GiB, synced: %.0f MB/s\n\n", disk)
	storageTable(all[0], all[1])
	return nil
}

// storageTable shows what was measured, and how much better ours is.
func storageTable(ours, theirs storageResult) {
	var rows [][]string
	for i, f := range ours {
		ratio := f.value / theirs[i].value
		if f.less {
			ratio = 1 / ratio
		}
		rows = append(rows, []string{f.what, fmt.Sprintf(f.form, f.value), fmt.Sprintf(f.form, theirs[i].value), fmt.Sprintf("%.1f", ratio)})
	}
	table([]string{"storage, 16 connections", "Lazuli, every write synced", "Azurite " + azuriteVersion, "better by"}, rows)
}

// storageRounds is how often the two are asked in turn for what they store in records.
const storageRounds = 3

// storageRecords measures queues and tables alone, both peers running, in turn: what
// the machine does meanwhile hits both. The middle of the rounds is shown.
func storageRecords(ctx context.Context, l *lab) error {
	var peers [2]*storagePeer
	for i, start := range []func(context.Context, *lab) (*storagePeer, error){lazuliStorage, azurite} {
		p, err := start(ctx, l)
		if err != nil {
			return err
		}
		defer p.stop()
		defer p.http.close()
		peers[i] = p
	}
	var all [2]storageResult
	var values [2][][]float64
	for range storageRounds {
		for i, p := range peers {
			all[i] = nil
			for _, step := range []func(context.Context, *lab) (storageResult, error){p.messages, p.entities} {
				figures, err := step(ctx, l)
				if err != nil {
					return fmt.Errorf("%s: %w", p.name, err)
				}
				all[i] = append(all[i], figures...)
			}
			var round []float64
			for _, f := range all[i] {
				round = append(round, f.value)
			}
			values[i] = append(values[i], round)
		}
	}
	for i := range all {
		for n := range all[i] {
			var of []float64
			for _, round := range values[i] {
				of = append(of, round[n])
			}
			all[i][n].value = median(of)
		}
	}
	storageTable(all[0], all[1])
	return nil
}

// storageListing measures the listing of many blobs alone, one peer after the other.
func storageListing(ctx context.Context, l *lab) error {
	var all [2]storageResult
	for i, start := range []func(context.Context, *lab) (*storagePeer, error){lazuliStorage, azurite} {
		p, err := start(ctx, l)
		if err != nil {
			return err
		}
		all[i], err = p.list(ctx, l)
		p.http.close()
		p.stop()
		if err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
	}
	storageTable(all[0], all[1])
	return nil
}

// figure is one measured value.
type figure struct {
	what, form string
	value      float64
	less       bool // less is better
}

type storageResult []figure

// storagePeer is a running storage emulator.
type storagePeer struct {
	name             string
	blob, queue, tab string // addresses of the account, without a final slash
	ready            time.Duration
	pid              int
	round            int // how often queues and tables were measured: each time others
	stop             func()
	http             lean
}

func (p *storagePeer) measure(ctx context.Context, l *lab) (storageResult, error) {
	defer p.http.close()
	idle, _ := memoryOf(p.pid)
	r := storageResult{
		{"start until ready", "%.0f ms", float64(p.ready.Microseconds()) / 1000, true},
		{"memory, idle", "%.0f MiB", idle, true},
	}
	for _, step := range []func(context.Context, *lab) (storageResult, error){p.small, p.large, p.list, p.messages, p.entities} {
		figures, err := step(ctx, l)
		if err != nil {
			return nil, err
		}
		r = append(r, figures...)
	}
	_, peak := memoryOf(p.pid)
	return append(r, figure{"memory, at its peak", "%.0f MiB", peak, true}), nil
}

// small puts and gets blobs of 1 KiB.
func (p *storagePeer) small(ctx context.Context, l *lab) (storageResult, error) {
	if err := p.call(ctx, "PUT", p.blob+"/small?restype=container", nil, http.StatusCreated, nil); err != nil {
		return nil, err
	}
	body := random(smallBlob)
	var written atomic.Int64
	puts, err := hammer(ctx, l.seconds, func(ctx context.Context, worker, n int) error {
		written.Store(int64(n))
		return p.call(ctx, "PUT", fmt.Sprintf("%s/small/%d-%d", p.blob, worker, n), body, http.StatusCreated, nil, "x-ms-blob-type", "BlockBlob")
	})
	if err != nil {
		return nil, err
	}
	gets, err := hammer(ctx, l.seconds, func(ctx context.Context, worker, _ int) error {
		return p.call(ctx, "GET", fmt.Sprintf("%s/small/%d-0", p.blob, worker), nil, http.StatusOK, nil)
	})
	return storageResult{
		{"put a blob of 1 KiB, per second", "%.0f", puts.perSecond(), false},
		{"get a blob of 1 KiB, per second", "%.0f", gets.perSecond(), false},
	}, err
}

// large uploads a blob of 1 GiB in blocks, and downloads it in ranges.
func (p *storagePeer) large(ctx context.Context, _ *lab) (storageResult, error) {
	if err := p.call(ctx, "PUT", p.blob+"/large?restype=container", nil, http.StatusCreated, nil); err != nil {
		return nil, err
	}
	block := random(blockBytes)
	id := func(n int) string { return base64.StdEncoding.EncodeToString(fmt.Appendf(nil, "%08d", n)) }
	begin := time.Now()
	err := inLanes(largeBlob/blockBytes, func(n int) error {
		query := "comp=block&blockid=" + strings.ReplaceAll(strings.ReplaceAll(id(n), "=", "%3D"), "+", "%2B")
		return p.call(ctx, "PUT", p.blob+"/large/big?"+query, block, http.StatusCreated, nil)
	})
	if err != nil {
		return nil, err
	}
	var list strings.Builder
	list.WriteString(`<?xml version="1.0" encoding="utf-8"?><BlockList>`)
	for n := range largeBlob / blockBytes {
		list.WriteString("<Latest>" + id(n) + "</Latest>")
	}
	list.WriteString("</BlockList>")
	if err := p.call(ctx, "PUT", p.blob+"/large/big?comp=blocklist", []byte(list.String()), http.StatusCreated, nil); err != nil {
		return nil, err
	}
	up := time.Since(begin)
	begin = time.Now()
	err = inLanes(largeBlob/blockBytes, func(n int) error {
		at := fmt.Sprintf("bytes=%d-%d", n*blockBytes, (n+1)*blockBytes-1)
		return p.call(ctx, "GET", p.blob+"/large/big", nil, http.StatusPartialContent, nil, "x-ms-range", at)
	})
	down := time.Since(begin)
	return storageResult{
		{"upload 1 GiB in blocks of 8 MiB, MB/s", "%.0f", largeBlob / 1e6 / up.Seconds(), false},
		{"download it in ranges of 8 MiB, MB/s", "%.0f", largeBlob / 1e6 / down.Seconds(), false},
	}, err
}

// list makes 100,000 blobs and lists them, three times; the middle one counts.
func (p *storagePeer) list(ctx context.Context, _ *lab) (storageResult, error) {
	if err := p.call(ctx, "PUT", p.blob+"/many?restype=container", nil, http.StatusCreated, nil); err != nil {
		return nil, err
	}
	lanes := make(chan error, connections)
	for lane := range connections {
		go func() {
			var err error
			for n := lane; n < manyBlobs && err == nil; n += connections {
				err = p.call(ctx, "PUT", fmt.Sprintf("%s/many/%06d", p.blob, n), []byte("x"), http.StatusCreated, nil, "x-ms-blob-type", "BlockBlob")
			}
			lanes <- err
		}()
	}
	for range connections {
		if err := <-lanes; err != nil {
			return nil, err
		}
	}
	var took []float64
	for range storageRounds {
		one, err := p.listing(ctx)
		if err != nil {
			return nil, err
		}
		took = append(took, one.Seconds())
	}
	return storageResult{{"list 100,000 blobs", "%.2f s", median(took), true}}, nil
}

// listing lists the blobs once, page by page, and counts them.
func (p *storagePeer) listing(ctx context.Context) (time.Duration, error) {
	begin, seen, marker := time.Now(), 0, ""
	for {
		var page bytes.Buffer
		if err := p.call(ctx, "GET", p.blob+"/many?restype=container&comp=list&maxresults=5000"+marker, nil, http.StatusOK, &page); err != nil {
			return 0, err
		}
		seen += bytes.Count(page.Bytes(), []byte("<Blob><Name>"))
		_, rest, _ := strings.Cut(page.String(), "<NextMarker>")
		next, _, more := strings.Cut(rest, "</NextMarker>")
		if !more || next == "" {
			break
		}
		marker = "&marker=" + escape(next)
	}
	took := time.Since(begin)
	if seen != manyBlobs {
		return 0, fmt.Errorf("%d blobs are listed of %d", seen, manyBlobs)
	}
	return took, nil
}

// messages sends, receives and deletes messages.
func (p *storagePeer) messages(ctx context.Context, l *lab) (storageResult, error) {
	jobs := fmt.Sprintf("%s/jobs%d", p.queue, p.round)
	if err := p.call(ctx, "PUT", jobs, nil, http.StatusCreated, nil); err != nil {
		return nil, err
	}
	text := []byte("<QueueMessage><MessageText>" + strings.Repeat("m", 200) + "</MessageText></QueueMessage>")
	done, err := hammer(ctx, l.seconds, func(ctx context.Context, _, _ int) error {
		if err := p.call(ctx, "POST", jobs+"/messages", text, http.StatusCreated, nil); err != nil {
			return err
		}
		var got bytes.Buffer
		if err := p.call(ctx, "GET", jobs+"/messages?visibilitytimeout=60", nil, http.StatusOK, &got); err != nil {
			return err
		}
		id, receipt := between(got.String(), "MessageId"), between(got.String(), "PopReceipt")
		if id == "" {
			return nil // another took it
		}
		return p.call(ctx, "DELETE", jobs+"/messages/"+id+"?popreceipt="+escape(receipt), nil, http.StatusNoContent, nil)
	})
	return storageResult{{"queue: send, receive and delete, per second", "%.0f", done.perSecond(), false}}, err
}

// entities upserts and reads entities.
func (p *storagePeer) entities(ctx context.Context, l *lab) (storageResult, error) {
	name := fmt.Sprintf("Devices%d", p.round)
	p.round++
	if err := p.call(ctx, "POST", p.tab+"/Tables", []byte(`{"TableName":"`+name+`"}`), http.StatusCreated, nil); err != nil {
		return nil, err
	}
	at := func(worker, n int) string {
		return fmt.Sprintf("%s/%s(PartitionKey='p%d',RowKey='%d')", p.tab, name, worker, n)
	}
	upserts, err := hammer(ctx, l.seconds, func(ctx context.Context, worker, n int) error {
		body := fmt.Appendf(nil, `{"PartitionKey":"p%d","RowKey":"%d","Temperature":%d.5,"Site":"seoul","Text":"%s"}`, worker, n, n%40, strings.Repeat("t", 200))
		return p.call(ctx, "PUT", at(worker, n), body, http.StatusNoContent, nil)
	})
	if err != nil {
		return nil, err
	}
	reads, err := hammer(ctx, l.seconds, func(ctx context.Context, worker, _ int) error {
		return p.call(ctx, "GET", at(worker, 0), nil, http.StatusOK, nil)
	})
	return storageResult{
		{"table: upsert an entity, per second", "%.0f", upserts.perSecond(), false},
		{"table: read an entity, per second", "%.0f", reads.perSecond(), false},
	}, err
}

// call sends a signed request, and wants a status. Headers are name and value in turn.
func (p *storagePeer) call(ctx context.Context, method, url string, body []byte, want int, into io.Writer, headers ...string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	host, target, _ := strings.Cut(strings.TrimPrefix(url, "http://"), "/")
	r := leanRequest{host: host, method: method, target: "/" + target, body: body}
	if strings.HasPrefix(url, p.tab) {
		signTable(&r)
	} else {
		signStorage(&r, headers)
	}
	var refusal bytes.Buffer
	status := want
	err := p.http.do(&r, func(got int) io.Writer {
		switch status = got; {
		case got != want:
			return &refusal
		case into == nil:
			return io.Discard
		}
		return into
	})
	if err == nil && status != want {
		err = fmt.Errorf("%s %s: status %d, want %d\n%.2000s", method, url, status, want, refusal.String())
	}
	return err
}

// inLanes calls one with 0 to n-1, some at once.
func inLanes(n int, one func(n int) error) error {
	next, ended := atomic.Int64{}, make(chan error, blockLanes)
	for range blockLanes {
		go func() {
			for {
				i := int(next.Add(1)) - 1
				if i >= n {
					ended <- nil
					return
				}
				if err := one(i); err != nil {
					ended <- err
					return
				}
			}
		}()
	}
	var failed error
	for range blockLanes {
		if err := <-ended; err != nil {
			failed = err
		}
	}
	return failed
}

func (s samples) perSecond() float64 { return float64(len(s.sorted)) / s.took.Seconds() }

// diskSpeed writes 1 GiB into a file, syncs it, and returns MB/s.
func diskSpeed(dir string) (float64, error) {
	f, err := os.Create(filepath.Join(dir, "raw"))
	if err != nil {
		return 0, err
	}
	defer os.Remove(f.Name())
	defer f.Close()
	block, begin := random(blockBytes), time.Now()
	for range largeBlob / blockBytes {
		if _, err := f.Write(block); err != nil {
			return 0, err
		}
	}
	if err := f.Sync(); err != nil {
		return 0, err
	}
	return largeBlob / 1e6 / time.Since(begin).Seconds(), nil
}

func random(n int) []byte {
	b := make([]byte, n)
	rand.Read(b) //nolint:errcheck // it never fails
	return b
}

// between is the text of an XML element.
func between(text, element string) string {
	_, rest, _ := strings.Cut(text, "<"+element+">")
	value, _, _ := strings.Cut(rest, "</"+element+">")
	return value
}
