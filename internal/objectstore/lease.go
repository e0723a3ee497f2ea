package objectstore

import (
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"strings"
	"time"

	"github.com/lazuli-dev/lazuli/internal/fault"
)

// leaseID is a GUID.
type leaseID [16]byte

// parseLeaseID reads any spelling of a GUID: with and without hyphens, in braces
// or parentheses, in either case.
func parseLeaseID(s string) (id leaseID, ok bool) {
	if len(s) >= 2 && (s[0] == '{' && s[len(s)-1] == '}' || s[0] == '(' && s[len(s)-1] == ')') {
		s = s[1 : len(s)-1]
	}
	if len(s) == 36 && s[8] == '-' && s[13] == '-' && s[18] == '-' && s[23] == '-' {
		s = strings.ReplaceAll(s, "-", "")
	}
	if len(s) != 32 {
		return id, false
	}
	_, err := hex.Decode(id[:], []byte(s))
	return id, err == nil
}

// String returns the GUID in lower case with hyphens.
func (id leaseID) String() string {
	h := hex.EncodeToString(id[:])
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}

func newLeaseID() (id leaseID) {
	rand.Read(id[:])
	id[6], id[8] = id[6]&0x0f|0x40, id[8]&0x3f|0x80
	return id
}

// lease is the stored part of a lease. Which state it is in, the clock says:
//
//	zero ── acquire ──▶ leased ── ends passes ──▶ expired
//	                      │ break
//	                      ▼
//	                   breaking ── ends passes ──▶ broken
//
// The zero value is available. Release, and a write after it has expired or is
// broken, bring it back there.
type lease struct {
	id       leaseID
	held     bool // leased or breaking, or what became of it
	breaking bool
	duration int64 // seconds; 0 is for ever
	ends     tick  // 0 is never
}

// append encodes the lease.
//
//	byte 1 held | 2 breaking, 16 bytes id, uvarint duration, ends
func (l lease) append(dst []byte) []byte {
	b := byte(0)
	if l.held {
		b |= 1
	}
	if l.breaking {
		b |= 2
	}
	dst = append(append(dst, b), l.id[:]...)
	dst = binary.AppendUvarint(dst, uint64(l.duration))
	return binary.AppendUvarint(dst, uint64(l.ends))
}

func (d *decoder) lease() (l lease) {
	b := d.byte()
	l.held, l.breaking = b&1 != 0, b&2 != 0
	if len(d.b) < len(l.id) {
		d.bad, d.b = true, nil
		return lease{}
	}
	d.b = d.b[copy(l.id[:], d.b):]
	l.duration, l.ends = d.int(), tick(d.int())
	return l
}

// farthest is how far ahead a lease may end: it lasts for a minute at most. What ends
// later than that was written before the clock was set back, and is over: who holds it
// gets it back by renewing it, and where that one is gone nobody waits for an hour.
const farthest = 2 * time.Minute

func (l lease) state(now time.Time) LeaseState {
	over := l.ends != 0 && (tickOf(now) >= l.ends || l.ends > tickOf(now.Add(farthest)))
	switch {
	case !l.held:
		return Available
	case l.breaking && over:
		return Broken
	case l.breaking:
		return Breaking
	case over:
		return Expired
	}
	return Leased
}

func (l lease) view(now time.Time) LeaseView {
	s := l.state(now)
	return LeaseView{State: s, Infinite: s == Leased && l.duration == 0}
}

// LeaseAction is what is done with a lease.
type LeaseAction uint8

// The actions.
const (
	AcquireLease LeaseAction = iota
	RenewLease
	ChangeLease
	ReleaseLease
	BreakLease
)

// LeaseRequest is one action on a lease. Ids are any spelling of a GUID.
type LeaseRequest struct {
	Action     LeaseAction
	ID         string // of the lease that the caller holds: renew, change, release
	Proposed   string // acquire: "" lets the store choose; change: the new id
	Duration   int    // acquire: seconds, 15 to 60, or -1 for ever
	Period     int    // break: seconds, 0 to 60
	HasPeriod  bool   // break: Period was given
	Conditions Conditions
}

// LeaseResult is what became of it.
type LeaseResult struct {
	ID       string // acquire, renew, change
	Seconds  int    // break: until it is broken
	ETag     string
	Modified time.Time
}

// apply returns the lease after an action, by the table of leases: one row an
// action, one column a state.
func (l lease) apply(resource string, q LeaseRequest, now time.Time) (after lease, seconds int, err error) {
	var id, proposed leaseID
	ok := true
	if q.Action == RenewLease || q.Action == ChangeLease || q.Action == ReleaseLease {
		id, ok = parseLeaseID(q.ID)
	}
	if ok && (q.Action == ChangeLease || q.Action == AcquireLease && q.Proposed != "") {
		proposed, ok = parseLeaseID(q.Proposed)
	}
	if !ok {
		return l, 0, codes.New(InvalidLeaseID, resource, "a lease id is not a GUID")
	}
	switch q.Action {
	case AcquireLease:
		after, err = l.acquire(resource, q, proposed, now)
	case RenewLease:
		after, err = l.renew(resource, id, now)
	case ChangeLease:
		after, err = l.change(resource, id, proposed, now)
	case ReleaseLease:
		if !l.held || l.id != id {
			return l, 0, mismatch(resource)
		}
	case BreakLease:
		return l.broken(resource, q, now)
	}
	return after, 0, err
}

func mismatch(resource string) error {
	return codes.New(LeaseIDMismatchWithLeaseOperation, resource, "the lease id is not that of the lease")
}

func notPresent(resource string) error {
	return codes.New(LeaseNotPresentWithLeaseOperation, resource, "there is no lease")
}

func (l lease) acquire(resource string, q LeaseRequest, proposed leaseID, now time.Time) (lease, error) {
	if q.Duration != -1 && (q.Duration < 15 || q.Duration > 60) {
		return l, codes.New(InvalidLeaseDuration, resource, "a lease lasts 15 to 60 seconds or, with -1, for ever; not %d", q.Duration)
	}
	same := q.Proposed != "" && l.id == proposed
	switch s := l.state(now); {
	case s == Breaking && same:
		return l, codes.New(LeaseIsBreakingAndCannotBeAcquired, resource, "its lease is being broken")
	case s == Breaking || s == Leased && !same:
		return l, codes.New(LeaseAlreadyPresent, resource, "it has a lease already")
	}
	if q.Proposed == "" {
		proposed = newLeaseID()
	}
	return lease{id: proposed, held: true}.lasting(q.Duration, now), nil
}

// lasting begins the lease's time anew.
func (l lease) lasting(seconds int, now time.Time) lease {
	l.duration, l.ends = 0, 0
	if seconds > 0 {
		l.duration = int64(seconds)
		l.ends = tickOf(now.Add(time.Duration(seconds) * time.Second))
	}
	return l
}

func (l lease) renew(resource string, id leaseID, now time.Time) (lease, error) {
	switch s := l.state(now); {
	case s == Available || l.id != id:
		return l, mismatch(resource)
	case s == Breaking || s == Broken:
		return l, codes.New(LeaseIsBrokenAndCannotBeRenewed, resource, "its lease was broken")
	}
	return l.lasting(int(l.duration), now), nil
}

func (l lease) change(resource string, id, proposed leaseID, now time.Time) (lease, error) {
	switch s := l.state(now); {
	case s != Leased && s != Breaking:
		return l, notPresent(resource)
	case s == Leased && proposed == l.id:
		return l, nil
	case l.id != id:
		return l, mismatch(resource)
	case s == Breaking:
		return l, codes.New(LeaseIsBreakingAndCannotBeChanged, resource, "its lease is being broken")
	}
	l.id = proposed
	return l, nil
}

func (l lease) broken(resource string, q LeaseRequest, now time.Time) (after lease, seconds int, err error) {
	if q.HasPeriod && (q.Period < 0 || q.Period > 60) {
		return l, 0, codes.New(InvalidLeaseDuration, resource, "a lease is broken within 0 to 60 seconds, not %d", q.Period)
	}
	period := time.Duration(q.Period) * time.Second
	left := time.Duration(0)
	switch l.state(now) {
	case Available:
		return l, 0, notPresent(resource)
	case Leased:
		if left = period; l.ends != 0 {
			left = l.ends.time().Sub(now)
		}
	case Breaking:
		left = l.ends.time().Sub(now)
	}
	if q.HasPeriod {
		left = min(left, period)
	}
	l.breaking, l.ends = true, max(1, tickOf(now.Add(left)))
	return l, int((left + time.Second - 1) / time.Second), nil
}

// guard says whether an operation with the lease id held may go on, by the last
// rows of the table. The codes are the container's or the blob's.
func (l lease) guard(resource, held string, write bool, now time.Time, its leaseCodes) error {
	s := l.state(now)
	if held == "" {
		if write && (s == Leased || s == Breaking) {
			return codes.New(LeaseIDMissing, resource, "it has a lease, and no lease id was given")
		}
		return nil
	}
	id, ok := parseLeaseID(held)
	switch {
	case !ok:
		return codes.New(InvalidLeaseID, resource, "a lease id is not a GUID")
	case s == Available:
		return codes.New(its.notPresent, resource, "there is no lease")
	case l.id != id:
		return codes.New(its.mismatch, resource, "the lease id is not that of the lease")
	case s == Broken || s == Expired:
		return codes.New(LeaseLost, resource, "the lease has ended")
	}
	return nil
}

// leaseCodes are the codes that differ between blobs and containers.
type leaseCodes struct{ notPresent, mismatch fault.Code }

func blobLease() leaseCodes {
	return leaseCodes{LeaseNotPresentWithBlobOperation, LeaseIDMismatchWithBlobOperation}
}

func containerLease() leaseCodes {
	return leaseCodes{LeaseNotPresentWithContainerOperation, LeaseIDMismatchWithContainerOperation}
}

// written returns the lease after a write that guard let pass: one that has
// ended is forgotten.
func (l lease) written(now time.Time) lease {
	if s := l.state(now); s == Broken || s == Expired {
		return lease{}
	}
	return l
}
