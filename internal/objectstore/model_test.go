package objectstore

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/vfs"
)

// The model is what the store should hold, in plain maps: blobs and their
// snapshots by name, uncommitted blocks by name and id. What a lease or a
// condition does, it looks up in the tables that the unit tests go through cell
// by cell.
type model struct {
	now    time.Time
	blobs  map[string]*modelBlob
	blocks map[string]map[string]string
}

type modelBlob struct {
	typ       BlobType
	text      string
	etag      string
	meta      string
	tag       string
	committed []Block
	texts     map[string]string // of committed blocks
	snapshots []modelSnapshot
	lease     modelLease
}

type modelSnapshot struct{ at, text, meta string }

type modelLease struct {
	id       string // "": none
	breaking bool
	ends     time.Time // zero: never
	seconds  int
}

func (l modelLease) state(now time.Time) string {
	over := !l.ends.IsZero() && !now.Before(l.ends)
	switch {
	case l.id == "":
		return "available"
	case l.breaking && over:
		return "broken"
	case l.breaking:
		return "breaking"
	case over:
		return "expired"
	}
	return "leased"
}

// leaseCells is the table of leases as a map from operation and state.
func leaseCells(t *testing.T) map[[2]string]string {
	cells := map[[2]string]string{}
	lines := strings.Split(strings.Trim(leaseTable, "\n"), "\n")
	states := strings.Fields(lines[0])
	for _, line := range lines[1:] {
		for i, cell := range strings.Fields(line[20:]) {
			cells[[2]string{strings.TrimSpace(line[:20]), states[i]}], _, _ = strings.Cut(cell, ":")
		}
	}
	if len(cells) < 100 {
		t.Fatal("the table is not read")
	}
	return cells
}

// run is one run of the model test.
type modelRun struct {
	*rapid.T
	t     *testing.T
	w     *world
	mem   *vfs.MemFS
	m     *model
	cells map[[2]string]string
	serie int
}

// TestAgainstModel runs random operations, restarts, power losses and compaction
// against a model, and compares every way of reading. All that was acknowledged
// must be there after each power loss, and nothing else.
func TestAgainstModel(t *testing.T) {
	cells := leaseCells(t)
	rapid.Check(t, func(rt *rapid.T) {
		r := &modelRun{T: rt, t: t, mem: vfs.NewCrashableMem(), cells: cells}
		r.w = smallWorld(t, r.mem)
		defer func() { r.w.close() }()
		r.m = &model{blobs: map[string]*modelBlob{}, blocks: map[string]map[string]string{}}
		for range rapid.IntRange(1, 40).Draw(rt, "steps") {
			r.m.now = r.w.clock.Now()
			r.step()
		}
		r.compare()
	})
}

func (r *modelRun) step() {
	name := rapid.SampledFrom([]string{"a", "a/b", "c"}).Draw(r.T, "name")
	switch rapid.SampledFrom([]string{
		"put", "put", "block", "block", "commit", "append", "metadata", "tags", "delete", "snapshot", "copy",
		"lease", "lease", "lease", "time", "time", "tidy", "reopen", "crash", "compare", "unsnapshot",
	}).Draw(r.T, "what") {
	case "put":
		r.put(name)
	case "block":
		r.block(name)
	case "commit":
		r.commit(name)
	case "append":
		r.append(name)
	case "metadata":
		r.change(name, "metadata")
	case "tags":
		r.change(name, "tags")
	case "delete":
		r.delete(name)
	case "snapshot":
		r.snapshot(name)
	case "unsnapshot":
		r.deleteSnapshot(name)
	case "copy":
		r.copy(name, rapid.SampledFrom([]string{"a", "a/b", "c"}).Draw(r.T, "source"))
	case "lease":
		r.lease(name)
	case "time":
		r.w.clock.Advance(time.Duration(rapid.IntRange(1, 40).Draw(r.T, "seconds")) * time.Second)
	case "tidy":
		r.w.s.tidy(r.t.Context())
	case "reopen":
		r.w.reopen()
	case "crash":
		r.crash()
	case "compare":
		r.compare()
	}
}

// crash pulls the plug: what was synced stays, of the rest some.
func (r *modelRun) crash() {
	seed := rapid.Uint64().Draw(r.T, "seed")
	rng := rand.New(rand.NewPCG(seed, 0))
	clone := r.mem.CrashClone(vfs.CrashCloneConfig{UnsyncedDataPercent: rng.IntN(101), RNG: rng})
	r.w.close()
	r.mem, r.w.fs = clone, clone
	r.w.open()
}

func (r *modelRun) text() string {
	r.serie++
	return fmt.Sprintf("%d.", r.serie) + big(rapid.SampledFrom([]int{0, 10, 1000, pieceData + 5, 3 * pieceData}).Draw(r.T, "size"))
}

// guard draws a condition and a lease id, and returns what a write of the kind
// must end with: "" for success.
func (r *modelRun) guard(name, kind string) (c Conditions, want string) {
	b := r.m.blobs[name]
	etag := "0x1"
	if b != nil {
		etag = b.etag
	}
	text := rapid.SampledFrom([]string{"none", "none", "none", "im:E", "im:F", "im:*", "inm:E", "inm:F", "inm:*"}).Draw(r.T, "condition")
	c = conditionsOf(r.t, text, etag, r.m.now)
	which := rapid.SampledFrom([]string{"none", "none", "right", "wrong"}).Draw(r.T, "lease id")
	var lease modelLease
	if b != nil {
		lease = b.lease
	}
	switch which {
	case "right":
		if c.Lease = lease.id; c.Lease == "" {
			c.Lease = idA
		}
	case "wrong":
		c.Lease = "99999999-9999-4999-8999-999999999999"
	}
	table := absentTable
	if b != nil {
		table = conditionTable
	}
	column := map[string]int{"read": 0, "change": 1, "delete": 1, "create": 2}[kind]
	for line := range strings.Lines(strings.TrimSpace(table)) {
		if strings.TrimSpace(line[:19]) == text {
			want = strings.Fields(line[19:])[column]
		}
	}
	if want != "ok" {
		return c, string(conditionResults[want])
	}
	row := map[string]string{"change": "write ", "create": "write ", "delete": "delete ", "read": "read "}[kind] + which
	if cell := r.cells[[2]string{row, lease.state(r.m.now)}]; cell != "ok" {
		return c, string(leaseCodeNames[cell])
	}
	return c, ""
}

// is demands that an operation ended as it must, and reports success.
func (r *modelRun) is(what string, err error, want string) bool {
	if want == "" {
		if err != nil {
			r.Fatalf("%s: %v", what, err)
		}
		return true
	}
	if fault.CodeOf(err) != fault.Code(want) {
		r.Fatalf("%s: %v, want %s", what, err, want)
	}
	return false
}

// written returns the lease after a write.
func (r *modelRun) written(b *modelBlob) modelLease {
	if b == nil {
		return modelLease{}
	}
	if s := b.lease.state(r.m.now); s == "broken" || s == "expired" {
		return modelLease{}
	}
	return b.lease
}

// replace makes b the blob.
func (r *modelRun) replace(name string, info Info, b *modelBlob) {
	old := r.m.blobs[name]
	b.etag, b.lease = info.ETag, r.written(old)
	if old != nil {
		b.snapshots = old.snapshots
		if info.ETag <= old.etag {
			r.Fatalf("the ETag of %s went from %s to %s", name, old.etag, info.ETag)
		}
	}
	r.m.blobs[name] = b
	delete(r.m.blocks, name)
}

func (r *modelRun) put(name string) {
	c, want := r.guard(name, "create")
	text, typ := r.text(), rapid.SampledFrom([]BlobType{BlockBlob, BlockBlob, AppendBlob}).Draw(r.T, "type")
	var info Info
	var err error
	if typ == AppendBlob {
		text = ""
		info, err = r.w.a.PutBlob(r.t.Context(), at(name), nil, Put{Type: AppendBlob, Metadata: Metadata{{"m", "put"}}, Conditions: c})
	} else {
		info, err = r.w.tryPut(name, text, Put{Metadata: Metadata{{"m", "put"}}, Conditions: c})
	}
	if r.is("put "+name, err, want) {
		r.replace(name, info, &modelBlob{typ: typ, text: text, meta: "put"})
	}
}

func (r *modelRun) block(name string) {
	id := rapid.SampledFrom([]string{"1", "2", "3"}).Draw(r.T, "id")
	b := r.m.blobs[name]
	want := ""
	if b != nil {
		if cell := r.cells[[2]string{"write none", b.lease.state(r.m.now)}]; cell != "ok" {
			want = string(leaseCodeNames[cell])
		} else if b.typ != BlockBlob {
			want = string(InvalidBlobType)
		}
	}
	text := r.text()
	u := r.w.upload(text)
	defer u.Discard()
	if r.is("block of "+name, r.w.a.PutBlock(r.t.Context(), at(name), id, u, BlockPut{}), want) {
		if r.m.blocks[name] == nil {
			r.m.blocks[name] = map[string]string{}
		}
		r.m.blocks[name][id] = text
	}
}

func (r *modelRun) commit(name string) {
	c, want := r.guard(name, "create")
	b := r.m.blobs[name]
	var list []BlockRef
	made := &modelBlob{typ: BlockBlob, texts: map[string]string{}, meta: "list"}
	bad := false
	for range rapid.IntRange(0, 4).Draw(r.T, "blocks") {
		ref := BlockRef{BlockKind(rapid.IntRange(0, 2).Draw(r.T, "kind")), rapid.SampledFrom([]string{"1", "2", "3"}).Draw(r.T, "id")}
		list = append(list, ref)
		text, ok := r.m.blocks[name][ref.ID]
		if ref.Kind == Committed || ref.Kind == Latest && !ok {
			text, ok = "", false
			if b != nil {
				text, ok = b.texts[ref.ID]
			}
		}
		bad = bad || !ok
		made.text += text
		made.texts[ref.ID] = text // the last wins, as when the list is read
		made.committed = append(made.committed, Block{ref.ID, int64(len(text))})
	}
	switch {
	case want != "":
	case b != nil && b.typ != BlockBlob:
		want = string(InvalidBlobType)
	case bad:
		want = string(InvalidBlockList)
	}
	info, err := r.w.a.CommitBlocks(r.t.Context(), at(name), list, Put{Metadata: Metadata{{"m", "list"}}, Conditions: c})
	if r.is(fmt.Sprintf("commit %s %v", name, list), err, want) {
		r.replace(name, info, made)
	}
}

func (r *modelRun) append(name string) {
	c, want := r.guard(name, "change")
	b := r.m.blobs[name]
	if want == "" && b.typ != AppendBlob {
		want = string(InvalidBlobType)
	}
	text := r.text()
	u := r.w.upload(text)
	defer u.Discard()
	info, off, err := r.w.a.Append(r.t.Context(), at(name), u, AppendConditions{MaxSize: -1, Position: -1, Conditions: c})
	if r.is("append to "+name, err, want) {
		if off != int64(len(b.text)) {
			r.Fatalf("appended at %d of %d", off, len(b.text))
		}
		b.text += text
		b.etag, b.lease = info.ETag, r.written(b)
	}
}

func (r *modelRun) change(name, what string) {
	c, want := r.guard(name, "change")
	value := fmt.Sprint(r.serie)
	var info Info
	var err error
	if what == "tags" {
		err = r.w.a.SetTags(r.t.Context(), at(name), []Pair{{"t", value}}, c)
	} else {
		info, err = r.w.a.SetMetadata(r.t.Context(), at(name), Metadata{{"m", value}}, c)
	}
	if !r.is(what+" of "+name, err, want) {
		return
	}
	b := r.m.blobs[name]
	b.lease = r.written(b)
	if what == "tags" {
		b.tag = value
	} else {
		b.meta, b.etag = value, info.ETag
	}
}

func (r *modelRun) delete(name string) {
	c, want := r.guard(name, "delete")
	o := DeleteOptions{Snapshots: SnapshotsOption(rapid.IntRange(0, 2).Draw(r.T, "snapshots")), Conditions: c}
	b := r.m.blobs[name]
	if want == "" && o.Snapshots == NoSnapshots && len(b.snapshots) > 0 {
		want = string(SnapshotsPresent)
	}
	if !r.is("delete "+name, r.w.a.Delete(r.t.Context(), at(name), o), want) {
		return
	}
	b.snapshots = nil
	if o.Snapshots != OnlySnapshots {
		delete(r.m.blobs, name)
		delete(r.m.blocks, name)
	}
}

func (r *modelRun) snapshot(name string) {
	b := r.m.blobs[name]
	want := ""
	if b == nil {
		want = string(BlobNotFound)
	}
	info, err := r.w.a.Snapshot(r.t.Context(), at(name), nil, Conditions{})
	if r.is("snapshot of "+name, err, want) {
		b.snapshots = append(b.snapshots, modelSnapshot{info.Snapshot, b.text, b.meta})
	}
}

func (r *modelRun) deleteSnapshot(name string) {
	b := r.m.blobs[name]
	if b == nil || len(b.snapshots) == 0 {
		return
	}
	i := rapid.IntRange(0, len(b.snapshots)-1).Draw(r.T, "which")
	addr := Address{Container: "c", Blob: name, Snapshot: b.snapshots[i].at}
	r.is("delete snapshot of "+name, r.w.a.Delete(r.t.Context(), addr, DeleteOptions{}), "")
	b.snapshots = slices.Delete(b.snapshots, i, i+1)
}

func (r *modelRun) copy(name, from string) {
	c, want := r.guard(name, "create")
	b, src := r.m.blobs[name], r.m.blobs[from]
	switch {
	case src == nil:
		want = string(CannotVerifyCopySource)
	case want == "" && b != nil && b.typ != src.typ:
		want = string(InvalidBlobType)
	}
	info, err := r.w.a.CopyFrom(r.t.Context(), at(name), Source{Account: r.w.a, Address: at(from)}, CopyPut{Put: Put{Conditions: c}})
	if r.is("copy "+from+" to "+name, err, want) {
		r.replace(name, info, &modelBlob{typ: src.typ, text: src.text, meta: src.meta, committed: src.committed, texts: maps.Clone(src.texts)})
	}
}

func (r *modelRun) lease(name string) {
	b := r.m.blobs[name]
	op := rapid.SampledFrom(slices.Sorted(maps.Keys(r.leaseOps()))).Draw(r.T, "lease")
	verb, which, _ := strings.Cut(op, " ")
	q := LeaseRequest{Duration: 30, Proposed: idB, Period: 10, HasPeriod: which == "10", Action: r.leaseOps()[op]}
	if verb == "acquire" && which == "none" {
		q.Proposed = ""
	}
	if b == nil {
		q.ID = idA
		_, err := r.w.a.Lease(r.t.Context(), at(name), q)
		r.is("lease of none", err, string(BlobNotFound))
		return
	}
	if q.ID = b.lease.id; which == "wrong" || which == "other" || q.ID == "" {
		if q.ID = "88888888-8888-4888-8888-888888888888"; b.lease.id == q.ID {
			q.ID = "77777777-7777-4777-8777-777777777777"
		}
	}
	if verb == "acquire" && which != "none" {
		q.Proposed = q.ID
	}
	state := b.lease.state(r.m.now)
	if verb == "change" && q.Proposed == b.lease.id { // the table's row for that
		op = map[string]string{"change right": "change wrong-same", "change wrong": "change wrong-same"}[op]
		if state == "breaking" && which == "right" {
			op = "change right"
		}
	}
	cell := r.cells[[2]string{op, state}]
	got, err := r.w.a.Lease(r.t.Context(), at(name), q)
	if code, refused := leaseCodeNames[cell]; refused {
		r.is(op+" "+state, err, string(code))
		return
	}
	r.is(op+" "+state, err, "")
	switch verb {
	case "acquire":
		b.lease = modelLease{id: got.ID, ends: r.m.now.Add(30 * time.Second), seconds: 30}
	case "renew":
		b.lease.ends = r.m.now.Add(30 * time.Second)
	case "change":
		b.lease.id = got.ID
	case "release":
		b.lease = modelLease{}
	case "break":
		b.lease.breaking = true
		b.lease.ends = r.m.now.Add(time.Duration(got.Seconds) * time.Second)
	}
}

func (r *modelRun) leaseOps() map[string]LeaseAction {
	return map[string]LeaseAction{
		"acquire same": AcquireLease, "acquire other": AcquireLease, "acquire none": AcquireLease,
		"renew right": RenewLease, "renew wrong": RenewLease, "change right": ChangeLease, "change wrong": ChangeLease,
		"release right": ReleaseLease, "release wrong": ReleaseLease, "break": BreakLease, "break 10": BreakLease,
	}
}

// compare reads everything in every way.
func (r *modelRun) compare() {
	r.m.now = r.w.clock.Now()
	ctx := r.t.Context()
	var names []string
	var bytes int64
	for _, name := range []string{"a", "a/b", "c"} {
		b := r.m.blobs[name]
		got, err := r.w.read(at(name))
		if b == nil {
			r.is("read "+name, err, string(BlobNotFound))
			if len(r.m.blocks[name]) > 0 {
				names = append(names, name)
			}
			continue
		}
		info, infoErr := r.w.a.Properties(ctx, at(name), Conditions{})
		switch {
		case err != nil || infoErr != nil || got != b.text:
			r.Fatalf("%s holds %.30q (%d bytes), %v, %v; want %.30q (%d)", name, got, len(got), err, infoErr, b.text, len(b.text))
		case info.ETag != b.etag || info.Metadata[0].Value != b.meta || info.Type != b.typ:
			r.Fatalf("%s is %+v, want %+v", name, info, b)
		case (b.tag != "") != (len(info.Tags) > 0) || b.tag != "" && info.Tags[0].Value != b.tag:
			r.Fatalf("%s has tags %v, want %s", name, info.Tags, b.tag)
		case info.Lease.State.String() != b.lease.state(r.m.now):
			r.Fatalf("the lease of %s is %v, want %s", name, info.Lease.State, b.lease.state(r.m.now))
		}
		for _, s := range b.snapshots {
			text, err := r.w.read(Address{Container: "c", Blob: name, Snapshot: s.at})
			if err != nil || text != s.text {
				r.Fatalf("snapshot %s of %s: %v", s.at, name, err)
			}
			names = append(names, name+"@s")
		}
		names = append(names, name)
		bytes += int64(len(b.text))
		r.compareBlocks(name, b)
	}
	if got := r.w.names(ListOptions{Snapshots: true, Uncommitted: true}); !slices.Equal(got, names) {
		r.Fatalf("listed %v, want %v", got, names)
	}
	usage, err := r.w.s.Usage()
	if err != nil || usage.Containers[0].Blobs != int64(len(r.m.blobs)) || usage.Containers[0].Bytes != bytes {
		r.Fatalf("%+v, %v; want %d blobs, %d bytes", usage, err, len(r.m.blobs), bytes)
	}
	changes, _, err := r.w.a.Changes(ctx, "c", 0, 100)
	if err != nil || len(changes) != len(r.m.blobs) {
		r.Fatalf("%d changes, %v; want %d", len(changes), err, len(r.m.blobs))
	}
	checkLive(r.t, r.w)
	if r.t.Failed() {
		r.Fatal("what is alive does not add up")
	}
}

func (r *modelRun) compareBlocks(name string, b *modelBlob) {
	if b.typ != BlockBlob {
		return
	}
	list, err := r.w.a.Blocks(r.t.Context(), at(name), Conditions{})
	if err != nil || !slices.Equal(list.Committed, b.committed) || len(list.Uncommitted) != len(r.m.blocks[name]) {
		r.Fatalf("blocks of %s: %+v, %v; want %v and %d", name, list, err, b.committed, len(r.m.blocks[name]))
	}
	for _, u := range list.Uncommitted {
		if int64(len(r.m.blocks[name][u.ID])) != u.Size {
			r.Fatalf("block %s of %s has %d bytes", u.ID, name, u.Size)
		}
	}
}
