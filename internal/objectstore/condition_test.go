package objectstore

import (
	"strings"
	"testing"
	"time"

	"github.com/lazuli-dev/lazuli/internal/fault"
)

// conditionTable is the table of conditions. The blob was modified at noon, its
// ETag is E. A condition is one of
//
//	im:E im:F im:* im:EF  If-Match with the blob's ETag, another, any, both
//	inm:…                 If-None-Match alike
//	ims:- ims:= ims:+     If-Modified-Since before, at, and after noon
//	ius:…                 If-Unmodified-Since alike
//	tags:y tags:n         tags that are and are not as asked
//
// and the results are of a read, a change, and a creation over the blob.
const conditionTable = `
none               ok   ok   ok
im:E               ok   ok   ok
im:*               ok   ok   ok
im:F               412  412  412
im:EF              ok   many many
inm:E              304  412  412
inm:F              ok   ok   ok
inm:*              400  412  409
inm:EF             304  many many
ims:-              ok   ok   ok
ims:=              304  412  412
ims:+              304  412  412
ius:-              412  412  412
ius:=              ok   ok   ok
ius:+              ok   ok   ok
im:E ius:-         412  ok   ok
im:F ius:+         412  412  412
im:E ius:+         ok   ok   ok
inm:E ims:-        ok   412  412
inm:F ims:+        ok   ok   ok
inm:E ims:+        304  412  412
inm:* ims:-        400  412  409
im:E inm:E         304  many many
im:E inm:F         ok   many many
im:F inm:E         412  many many
im:E ims:+         304  many many
ius:+ inm:E        304  many many
ius:- inm:E        412  many many
ius:- ims:+        412  many many
ius:+ ims:-        ok   many many
tags:y             ok   ok   ok
tags:n             412  412  412
im:E tags:n        412  412  412
inm:E tags:n       412  412  412
inm:* tags:n       400  412  412
`

// absentTable is the same where there is no blob: a read, a change, a creation.
const absentTable = `
none               404  404  ok
im:E               404  404  412
im:F               404  404  412
im:*               404  404  412
inm:E              404  404  ok
inm:F              404  404  ok
inm:*              404  404  ok
ims:+              404  404  ok
ius:-              404  404  ok
tags:y             404  404  412
tags:n             404  404  412
`

var conditionResults = map[string]fault.Code{
	"304": NotModified, "400": UnsatisfiableCondition, "404": BlobNotFound, "409": BlobAlreadyExists, "412": ConditionNotMet,
	"many": MultipleConditionHeadersNotSupported,
}

func conditionsOf(t *testing.T, text, etag string, noon time.Time) (c Conditions) {
	t.Helper()
	if text == "none" {
		return c
	}
	for _, one := range strings.Fields(text) {
		kind, value, _ := strings.Cut(one, ":")
		etags := map[string][]string{"E": {etag}, "F": {"0x0"}, "*": {"*"}, "EF": {"0x0", etag}}[value]
		when := map[string]time.Time{"-": noon.Add(-time.Second), "=": noon, "+": noon.Add(time.Second)}[value]
		switch kind {
		case "im":
			c.IfMatch = etags
		case "inm":
			c.IfNoneMatch = etags
		case "ims":
			c.IfModifiedSince = when
		case "ius":
			c.IfUnmodifiedSince = when
		case "tags":
			c.Tags = func(tags map[string]string) bool { return value == "y" && tags["k"] == "v" }
		default:
			t.Fatal(one)
		}
	}
	return c
}

// TestConditionTable goes through the tables of conditions cell by cell.
func TestConditionTable(t *testing.T) {
	for _, table := range []struct {
		name, text string
		there      bool
	}{{"there", conditionTable, true}, {"absent", absentTable, false}} {
		for line := range strings.Lines(strings.TrimSpace(table.text)) {
			text := strings.TrimSpace(line[:min(19, len(line))])
			results := strings.Fields(line[19:])
			for i, kind := range []string{"read", "change", "create"} {
				t.Run(table.name+"/"+kind+"/"+text, func(t *testing.T) { conditionCell(t, text, kind, results[i], table.there) })
			}
		}
	}
}

func conditionCell(t *testing.T, text, kind, want string, there bool) {
	w := newWorld(t)
	defer w.close()
	w.clock.Advance(700 * time.Millisecond) // dates count in whole seconds
	noon, etag := w.clock.Now().Truncate(time.Second), "0x1"
	if there {
		info, err := w.tryPut("b", "x", Put{Tags: []Pair{{"k", "v"}}})
		if err != nil {
			t.Fatal(err)
		}
		etag = info.ETag
	}
	cond := conditionsOf(t, text, etag, noon)
	var errs []error
	ctx := t.Context()
	switch kind {
	case "read":
		_, err := w.a.Properties(ctx, at("b"), cond)
		c, err2 := w.a.Open(ctx, at("b"), cond)
		if c != nil {
			c.Close()
		}
		errs = append(errs, err, err2)
	case "change":
		if there {
			_, err := w.a.Snapshot(ctx, at("b"), nil, cond)
			_, err2 := w.a.SetTier(ctx, at("b"), "Hot", cond)
			errs = append(errs, err, err2)
		}
		_, err := w.a.SetMetadata(ctx, at("b"), nil, cond)
		errs = append(errs, err)
	case "create":
		_, err := w.tryPut("b", "y", Put{Conditions: cond})
		errs = append(errs, err)
	}
	for _, err := range errs {
		if want == "ok" && err != nil {
			t.Errorf("got %v", err)
		}
		if want != "ok" && fault.CodeOf(err) != conditionResults[want] {
			t.Errorf("got %v, want %s", err, conditionResults[want])
		}
	}
}

// TestOrderOfChecks: the container, the blob, conditions, that it exists, the
// lease, its state.
func TestOrderOfChecks(t *testing.T) {
	w := newWorld(t)
	defer w.close()
	ctx := t.Context()
	bad := Conditions{IfMatch: []string{"0x0"}, Lease: idB}
	_, err := w.a.SetMetadata(ctx, Address{Container: "none", Blob: "b"}, nil, bad)
	wantCode(t, err, ContainerNotFound)
	_, err = w.a.SetMetadata(ctx, at("b"), nil, bad)
	wantCode(t, err, BlobNotFound)
	if _, err := w.a.PutBlob(ctx, at("b"), nil, Put{Type: AppendBlob}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.a.Lease(ctx, at("b"), LeaseRequest{Action: AcquireLease, Proposed: idA, Duration: -1}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.a.Seal(ctx, at("b"), -1, Conditions{Lease: idA}); err != nil {
		t.Fatal(err)
	}
	appendWith := func(c Conditions) error {
		u := w.upload("x")
		defer u.Discard()
		_, _, err := w.a.Append(ctx, at("b"), u, AppendConditions{MaxSize: -1, Position: -1, Conditions: c})
		return err
	}
	wantCode(t, appendWith(bad), ConditionNotMet)
	wantCode(t, appendWith(Conditions{}), LeaseIDMissing)
	wantCode(t, appendWith(Conditions{Lease: idA}), BlobIsSealed)
	_, err = w.tryPut("b", "x", Put{Conditions: Conditions{IfNoneMatch: []string{"*"}}})
	wantCode(t, err, BlobAlreadyExists)
}
