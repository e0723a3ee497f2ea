package objectstore

import (
	"encoding/binary"
	"fmt"
	"time"
)

// recordVersion is the first byte of a record. A record of another version is
// refused, not misread.
const recordVersion = 1

// state says what a record is.
type state uint8

const (
	stateBase     state = iota // the blob as it is
	stateSnapshot              // in table S
	stateVersion               // in table S: an earlier version
)

// The flags of a record: which optional groups follow, and plain facts.
const (
	flagUncommitted = 1 << iota // no blob yet: only blocks
	flagPending                 // there are uncommitted blocks
	flagSealed
	flagListed     // its block ids are in table L
	flagTable      // its content is in table C; else in the record
	flagProperties // groups
	flagMetadata
	flagTags
	flagTier
	flagLease
	flagCopy
	flagPage    // sequence number
	flagBlocks  // count of blocks
	flagVersion // its version
	flagDeleted
	flagEncryption
)

// record is a blob, snapshot or version without its content, but with the runs
// that hold it when they are few.
type record struct {
	uid         uint64
	typ         BlobType
	state       state
	uncommitted bool
	pending     bool
	sealed      bool
	listed      bool
	table       bool
	size        int64
	etag        tick
	created     tick
	modified    int64 // Unix seconds
	props       Properties
	metadata    Metadata
	tags        []Pair
	tier        string
	tierChanged tick
	lease       lease
	copy        *Copy
	sequence    int64
	blocks      int64 // committed, of an append blob
	idLen       int64 // of the ids of uncommitted and committed blocks; 0 unknown
	version     tick  // 0: made without versions
	deleted     tick  // 0: it is there
	expires     tick  // of what is deleted
	encryption  Encryption
	refs        []ref
}

func (r *record) flags() (f uint64) {
	for i, on := range [...]bool{
		r.uncommitted, r.pending, r.sealed, r.listed, r.table,
		r.props.ContentType != "" || r.props.ContentEncoding != "" || r.props.ContentLanguage != "" ||
			r.props.ContentDisposition != "" || r.props.CacheControl != "" || len(r.props.ContentMD5) > 0,
		len(r.metadata) > 0, len(r.tags) > 0, r.tier != "" || r.tierChanged != 0, r.lease != lease{}, r.copy != nil,
		r.sequence != 0, r.blocks != 0 || r.idLen != 0, r.version != 0, r.deleted != 0, r.encryption != Encryption{},
	} {
		if on {
			f |= 1 << i
		}
	}
	return f
}

// append encodes the record: version, type and state in a byte, flags, the
// numbers that all have, the groups in the order of their flags, the refs.
func (r *record) append(dst []byte) []byte {
	f := r.flags()
	dst = append(dst, recordVersion, byte(r.typ)<<4|byte(r.state))
	for _, n := range [...]uint64{f, r.uid, uint64(r.size), uint64(r.etag), uint64(r.created), uint64(r.modified)} {
		dst = binary.AppendUvarint(dst, n)
	}
	dst = r.appendGroups(dst, f)
	return appendRefs(dst, r.refs)
}

func (r *record) appendGroups(dst []byte, f uint64) []byte {
	num := func(ns ...uint64) {
		for _, n := range ns {
			dst = binary.AppendUvarint(dst, n)
		}
	}
	if f&flagProperties != 0 {
		dst = appendProperties(dst, r.props)
	}
	if f&flagMetadata != 0 {
		dst = appendPairs(dst, r.metadata)
	}
	if f&flagTags != 0 {
		dst = appendPairs(dst, r.tags)
	}
	if f&flagTier != 0 {
		dst = appendText(dst, r.tier)
		num(uint64(r.tierChanged))
	}
	if f&flagLease != 0 {
		dst = r.lease.append(dst)
	}
	if f&flagCopy != 0 {
		dst = appendCopy(dst, r.copy)
	}
	if f&flagPage != 0 {
		num(uint64(r.sequence))
	}
	if f&flagBlocks != 0 {
		num(uint64(r.blocks), uint64(r.idLen))
	}
	if f&flagVersion != 0 {
		num(uint64(r.version))
	}
	if f&flagDeleted != 0 {
		num(uint64(r.deleted), uint64(r.expires))
	}
	if f&flagEncryption != 0 {
		dst = appendText(appendText(dst, r.encryption.KeySHA256), r.encryption.Scope)
	}
	return dst
}

func appendProperties(dst []byte, p Properties) []byte {
	for _, s := range [...]string{p.ContentType, p.ContentEncoding, p.ContentLanguage, p.ContentDisposition, p.CacheControl} {
		dst = appendText(dst, s)
	}
	return appendText(dst, p.ContentMD5)
}

func appendCopy(dst []byte, c *Copy) []byte {
	for _, s := range [...]string{c.ID, c.Source, c.Status, c.StatusDescription} {
		dst = appendText(dst, s)
	}
	dst = binary.AppendUvarint(dst, uint64(c.Copied))
	dst = binary.AppendUvarint(dst, uint64(c.Total))
	var done tick
	if !c.Completed.IsZero() {
		done = tickOf(c.Completed)
	}
	return binary.AppendUvarint(dst, uint64(done))
}

// parseRecord decodes what append encodes. It keeps nothing of b.
func parseRecord(b []byte) (*record, error) {
	if len(b) < 2 || b[0] != recordVersion {
		return nil, fmt.Errorf("%w: it has no version that this program reads", errRecord)
	}
	r := &record{typ: BlobType(b[1] >> 4), state: state(b[1] & 15)}
	d := decoder{b: b[2:]}
	f := d.uint()
	r.uid, r.size, r.etag, r.created, r.modified = d.uint(), d.int(), tick(d.int()), tick(d.int()), d.int()
	r.uncommitted, r.pending, r.sealed = f&flagUncommitted != 0, f&flagPending != 0, f&flagSealed != 0
	r.listed, r.table = f&flagListed != 0, f&flagTable != 0
	r.parseGroups(&d, f)
	r.refs = d.refs()
	if r.typ < BlockBlob || r.typ > PageBlob || r.state > stateVersion || r.flags() != f { // groups that say nothing are not written
		d.bad = true
	}
	return r, d.err()
}

func (r *record) parseGroups(d *decoder, f uint64) {
	if f&flagProperties != 0 {
		r.props = d.properties()
	}
	if f&flagMetadata != 0 {
		r.metadata = d.pairs()
	}
	if f&flagTags != 0 {
		r.tags = d.pairs()
	}
	if f&flagTier != 0 {
		r.tier, r.tierChanged = d.text(), tick(d.int())
	}
	if f&flagLease != 0 {
		r.lease = d.lease()
	}
	if f&flagCopy != 0 {
		r.copy = d.copy()
	}
	if f&flagPage != 0 {
		r.sequence = d.int()
	}
	if f&flagBlocks != 0 {
		r.blocks, r.idLen = d.int(), d.int()
	}
	if f&flagVersion != 0 {
		r.version = tick(d.int())
	}
	if f&flagDeleted != 0 {
		r.deleted, r.expires = tick(d.int()), tick(d.int())
	}
	if f&flagEncryption != 0 {
		r.encryption = Encryption{d.text(), d.text()}
	}
}

func (d *decoder) properties() (p Properties) {
	for _, s := range [...]*string{&p.ContentType, &p.ContentEncoding, &p.ContentLanguage, &p.ContentDisposition, &p.CacheControl} {
		*s = d.text()
	}
	if md5 := d.bytes(); len(md5) > 0 {
		p.ContentMD5 = append([]byte(nil), md5...)
	}
	return p
}

func (d *decoder) copy() *Copy {
	c := &Copy{ID: d.text(), Source: d.text(), Status: d.text(), StatusDescription: d.text(), Copied: d.int(), Total: d.int()}
	if done := tick(d.int()); done != 0 {
		c.Completed = done.time()
	}
	return c
}

// defaultTier is a blob's tier when none was asked for.
const defaultTier = "Hot"

// info returns what everybody may know of the record.
func (r *record) info(container, name string, at tick, now time.Time) Info {
	i := Info{
		Address: Address{Container: container, Blob: name},
		Type:    r.typ, Properties: r.props, Metadata: r.metadata, Tags: r.tags,
		Size: r.size, ETag: r.etag.etag(), Created: r.created.time().Truncate(time.Second), Modified: time.Unix(r.modified, 0).UTC(),
		Lease: r.lease.view(now), Copy: r.copy, Tier: r.tier, Sequence: r.sequence, BlockCount: int(r.blocks), Sealed: r.sealed,
		Uncommitted: r.uncommitted, Encryption: r.encryption,
	}
	if i.Tier == "" && r.typ == BlockBlob {
		i.Tier, i.TierInferred = defaultTier, true
	}
	if r.tierChanged != 0 {
		i.TierChanged = r.tierChanged.time()
	}
	switch r.state {
	case stateSnapshot:
		i.Snapshot = at.text()
	case stateVersion:
		i.Version = at.text()
	case stateBase:
		i.Version, i.Current = r.version.text(), r.version != 0
	}
	if r.deleted != 0 {
		i.Deleted, i.DeletedAt, i.RemainingDays = true, r.deleted.time(), remainingDays(r.expires, now)
	}
	return i
}

// remainingDays returns the days until what is deleted goes for good, begun ones
// counted.
func remainingDays(expires tick, now time.Time) int {
	left := expires.time().Sub(now)
	if left <= 0 {
		return 0
	}
	return int((left + 24*time.Hour - 1) / (24 * time.Hour))
}
