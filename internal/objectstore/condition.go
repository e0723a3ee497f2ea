package objectstore

import (
	"slices"
	"time"
)

// access is what an operation does with a blob, which decides how conditions
// count.
type access uint8

const (
	reads   access = iota
	writes         // changes a blob that is there
	creates        // makes a blob, or replaces one
)

// meet checks the conditions against a blob that is there, by the table of
// conditions: a reader that has it already is told NotModified.
func (c *Conditions) meet(resource string, kind access, etag tick, modified int64, tags []Pair) error {
	if kind == reads {
		return c.meetRead(resource, etag, modified, tags)
	}
	im, inm := len(c.IfMatch) > 0, len(c.IfNoneMatch) > 0
	ims, ius := !c.IfModifiedSince.IsZero(), !c.IfUnmodifiedSince.IsZero()
	if len(c.IfMatch) > 1 || len(c.IfNoneMatch) > 1 || im && (inm || ims) || ius && (inm || ims) {
		return codes.New(MultipleConditionHeadersNotSupported, resource, "a write takes one ETag, and no mixture of conditions for and against a match")
	}
	failed := false
	switch {
	case im:
		failed = !matches(c.IfMatch, etag)
	case ius:
		failed = modified > seconds(c.IfUnmodifiedSince)
	case inm && kind == creates && c.IfNoneMatch[0] == "*":
		if !c.tagged(tags) {
			break
		}
		return codes.New(BlobAlreadyExists, resource, "it exists already")
	case inm:
		failed = matches(c.IfNoneMatch, etag)
	case ims:
		failed = modified <= seconds(c.IfModifiedSince)
	}
	if failed || !c.tagged(tags) {
		return notMet(resource)
	}
	return nil
}

func (c *Conditions) meetRead(resource string, etag tick, modified int64, tags []Pair) error {
	inm, ims := len(c.IfNoneMatch) > 0, !c.IfModifiedSince.IsZero()
	switch {
	case slices.Contains(c.IfNoneMatch, "*"):
		return codes.New(UnsatisfiableCondition, resource, "what is read cannot be what is not there")
	case len(c.IfMatch) > 0 && !matches(c.IfMatch, etag),
		!c.IfUnmodifiedSince.IsZero() && modified > seconds(c.IfUnmodifiedSince),
		!c.tagged(tags):
		return notMet(resource)
	case !inm && !ims,
		inm && !matches(c.IfNoneMatch, etag),
		ims && modified > seconds(c.IfModifiedSince):
		return nil
	}
	return codes.New(NotModified, resource, "it is as the reader knows it")
}

// meetAbsent checks the conditions of an operation that makes a blob against
// none being there.
func (c *Conditions) meetAbsent(resource string) error {
	if len(c.IfMatch) > 0 || !c.tagged(nil) {
		return notMet(resource)
	}
	return nil
}

func notMet(resource string) error {
	return codes.New(ConditionNotMet, resource, "a condition of the request does not hold")
}

func (c *Conditions) tagged(tags []Pair) bool {
	if c.Tags == nil {
		return true
	}
	return c.Tags(tagMap(tags))
}

func matches(etags []string, is tick) bool {
	text := is.etag()
	for _, e := range etags {
		if e == "*" || e == text {
			return true
		}
	}
	return false
}

func seconds(t time.Time) int64 { return t.Unix() }

func tagMap(tags []Pair) map[string]string {
	set := make(map[string]string, len(tags))
	for _, t := range tags {
		set[t.Name] = t.Value
	}
	return set
}
