package objectstore

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/lazuli-dev/lazuli/internal/fault"
)

const (
	idA = "11111111-1111-4111-8111-111111111111"
	idB = "22222222-2222-4222-8222-222222222222"
)

// leaseTable is the table of leases, a row an operation, a column a state. ok is
// success; ok:N also tells the seconds until it is broken, or the state after it.
const leaseTable = `
                    available leased  breaking broken   expired
acquire same        ok        ok      LIBA     ok       ok
acquire other       ok        LAP     LAP      ok       ok
acquire none        ok        LAP     LAP      ok       ok
renew right         LIM       ok      LIBR     LIBR     ok
renew wrong         LIM       LIM     LIM      LIM      LIM
change right        LNP       ok      LIBC     LNP      LNP
change wrong        LNP       LIM     LIM      LNP      LNP
change wrong-same   LNP       ok      LIM      LNP      LNP
release right       LIM       ok      ok       ok       ok
release wrong       LIM       LIM     LIM      LIM      LIM
break               LNP       ok:40   ok:25    ok:0     ok:0
break 10            LNP       ok:10   ok:10    ok:0     ok:0
break 60            LNP       ok:40   ok:25    ok:0     ok:0
write none          ok        LM      LM       ok       ok
write right         LNB       ok      ok       LL       LL
write wrong         LNB       LMB     LMB      LMB      LMB
read none           ok        ok      ok       ok       ok
read right          LNB       ok      ok       LL       LL
read wrong          LNB       LMB     LMB      LMB      LMB
delete none         ok        LM      LM       ok       ok
delete right        LNB       ok      ok       LL       LL
delete wrong        LNB       LMB     LMB      LMB      LMB
`

var leaseCodeNames = map[string]fault.Code{
	"LIM": LeaseIDMismatchWithLeaseOperation, "LNP": LeaseNotPresentWithLeaseOperation, "LAP": LeaseAlreadyPresent,
	"LIBA": LeaseIsBreakingAndCannotBeAcquired, "LIBR": LeaseIsBrokenAndCannotBeRenewed, "LIBC": LeaseIsBreakingAndCannotBeChanged,
	"LM": LeaseIDMissing, "LL": LeaseLost, "LNB": LeaseNotPresentWithBlobOperation, "LMB": LeaseIDMismatchWithBlobOperation,
}

// eachCell calls use with the cells of the table.
func eachCell(t *testing.T, use func(t *testing.T, op, state, want string)) {
	lines := strings.Split(strings.Trim(leaseTable, "\n"), "\n")
	states := strings.Fields(lines[0])
	for _, line := range lines[1:] {
		op := strings.TrimSpace(line[:20])
		cells := strings.Fields(line[20:])
		if len(cells) != len(states) {
			t.Fatalf("%d cells in %q", len(cells), line)
		}
		for i, state := range states {
			t.Run(op+"/"+state, func(t *testing.T) { use(t, op, state, cells[i]) })
		}
	}
}

// bring makes the blob or container have a lease A in the state. What is left of
// it, where it is leased, is 40 seconds, where it is breaking, 25.
func (w *world) bring(addr Address, state string) {
	w.t.Helper()
	do := func(q LeaseRequest) {
		if _, err := w.a.Lease(w.t.Context(), addr, q); err != nil {
			w.t.Fatal(err)
		}
	}
	if state == "available" {
		return
	}
	do(LeaseRequest{Action: AcquireLease, Proposed: idA, Duration: 60})
	switch state {
	case "leased":
		w.clock.Advance(20 * time.Second)
	case "breaking":
		do(LeaseRequest{Action: BreakLease, Period: 30, HasPeriod: true})
		w.clock.Advance(5 * time.Second)
	case "broken":
		do(LeaseRequest{Action: BreakLease, HasPeriod: true})
	case "expired":
		w.clock.Advance(time.Minute)
	}
}

// leaseOp does the operation of a row.
func (w *world) leaseOp(addr Address, op string) (LeaseResult, error) {
	ctx := w.t.Context()
	verb, which, _ := strings.Cut(op, " ")
	id := map[string]string{"right": idA, "wrong": idB, "wrong-same": idB, "same": idA, "other": idB}[which]
	q := LeaseRequest{ID: id}
	switch verb {
	case "acquire":
		q = LeaseRequest{Action: AcquireLease, Proposed: id, Duration: 15}
	case "renew":
		q.Action = RenewLease
	case "change":
		if q.Action, q.Proposed = ChangeLease, "33333333-3333-4333-8333-333333333333"; which == "wrong-same" {
			q.Proposed = idA
		}
	case "release":
		q.Action = ReleaseLease
	case "break":
		q.Action = BreakLease
		if which != "" {
			q.HasPeriod = true
			fmt.Sscan(which, &q.Period)
		}
	case "write":
		_, err := w.tryPut(addr.Blob, "new", Put{Conditions: Conditions{Lease: id}})
		return LeaseResult{}, err
	case "read":
		_, err := w.a.Properties(ctx, addr, Conditions{Lease: id})
		return LeaseResult{}, err
	case "delete":
		return LeaseResult{}, w.a.Delete(ctx, addr, DeleteOptions{Conditions: Conditions{Lease: id}})
	}
	return w.a.Lease(ctx, addr, q)
}

// TestLeaseTable goes through the table of leases on blobs cell by cell.
func TestLeaseTable(t *testing.T) {
	eachCell(t, func(t *testing.T, op, state, want string) {
		w := newWorld(t)
		defer w.close()
		before := w.put("b", "old")
		w.bring(at("b"), state)
		result, err := w.leaseOp(at("b"), op)
		wantCell(t, want, result, err)
		after, propErr := w.a.Properties(t.Context(), at("b"), Conditions{})
		if strings.HasPrefix(op, "delete") {
			if (propErr == nil) != (err != nil) {
				t.Errorf("after %v: %v", err, propErr)
			}
			return
		}
		if propErr != nil {
			t.Fatal(propErr)
		}
		if written := strings.HasPrefix(op, "write") && err == nil; written == (after.ETag == before.ETag) {
			t.Errorf("the ETag was %s and is %s", before.ETag, after.ETag)
		}
		if got, want := after.Lease.State.String(), stateAfter(op, state, err); got != want {
			t.Errorf("the lease is %s then, want %s", got, want)
		}
	})
}

// TestContainerLeaseTable does the same for containers, whose lease guards only
// their deletion.
func TestContainerLeaseTable(t *testing.T) {
	eachCell(t, func(t *testing.T, op, state, want string) {
		w := newWorld(t)
		defer w.close()
		addr := Address{Container: "c"}
		w.bring(addr, state)
		verb, which, _ := strings.Cut(op, " ")
		id := map[string]string{"right": idA, "wrong": idB}[which]
		cond := Conditions{Lease: id}
		var result LeaseResult
		var err error
		switch verb {
		case "write":
			if _, err = w.tryPut("b", "free", Put{}); err != nil {
				t.Fatalf("a blob in it: %v", err)
			}
			if which == "none" {
				want = "ok"
			}
			_, err = w.a.SetContainerMetadata(t.Context(), "c", nil, cond)
		case "read":
			_, err = w.a.Container(t.Context(), "c", cond)
		case "delete":
			err = w.a.DeleteContainer(t.Context(), "c", cond)
		default:
			result, err = w.leaseOp(addr, op)
		}
		if want == "LNB" || want == "LMB" {
			code := map[string]fault.Code{"LNB": LeaseNotPresentWithContainerOperation, "LMB": LeaseIDMismatchWithContainerOperation}[want]
			wantCode(t, err, code)
			return
		}
		wantCell(t, want, result, err)
	})
}

func wantCell(t *testing.T, want string, result LeaseResult, err error) {
	t.Helper()
	if code, refused := leaseCodeNames[want]; refused {
		wantCode(t, err, code)
		return
	}
	if err != nil {
		t.Fatalf("got %v, want %s", err, want)
	}
	if _, seconds, told := strings.Cut(want, ":"); told && fmt.Sprint(result.Seconds) != seconds {
		t.Errorf("%d seconds, want %s", result.Seconds, want)
	}
}

// stateAfter is the state that an operation leaves behind.
func stateAfter(op, state string, err error) string {
	verb, _, _ := strings.Cut(op, " ")
	switch {
	case err != nil || verb == "read":
		return state
	case verb == "acquire" || verb == "renew" || verb == "change":
		return "leased"
	case verb == "release", verb == "write" && (state == "broken" || state == "expired"):
		return "available"
	case verb == "break" && (state == "leased" || state == "breaking"):
		return "breaking"
	case verb == "break":
		return "broken"
	}
	return state
}

// TestLeaseDetails: what the table has no room for.
func TestLeaseDetails(t *testing.T) {
	w := newWorld(t)
	defer w.close()
	ctx := t.Context()
	lease := func(q LeaseRequest) (LeaseResult, error) { return w.a.Lease(ctx, at("b"), q) }
	w.put("b", "x")
	for _, spelling := range []string{"{" + strings.ToUpper(idA) + "}", strings.ReplaceAll(idA, "-", ""), "(" + idA + ")"} {
		got, err := lease(LeaseRequest{Action: AcquireLease, Proposed: spelling, Duration: -1})
		if err != nil || got.ID != idA {
			t.Errorf("%s: %+v, %v", spelling, got, err)
		}
	}
	for _, bad := range []string{"", "x", idA[:35], idA + "0", "{" + idA} {
		_, err := lease(LeaseRequest{Action: RenewLease, ID: bad})
		wantCode(t, err, InvalidLeaseID)
	}
	if info, _ := w.a.Properties(ctx, at("b"), Conditions{}); !info.Lease.Infinite || !info.Lease.Locked() {
		t.Errorf("%+v", info.Lease)
	}
	w.clock.Advance(1000 * time.Hour)
	if _, err := lease(LeaseRequest{Action: RenewLease, ID: idA}); err != nil {
		t.Errorf("an infinite lease ended: %v", err)
	}
	if got, err := lease(LeaseRequest{Action: BreakLease}); err != nil || got.Seconds != 0 {
		t.Errorf("break of an infinite one: %+v, %v", got, err)
	}
	for _, d := range []int{0, 14, 61, -2} {
		_, err := lease(LeaseRequest{Action: AcquireLease, Duration: d})
		wantCode(t, err, InvalidLeaseDuration)
	}
	_, err := lease(LeaseRequest{Action: BreakLease, Period: 61, HasPeriod: true})
	wantCode(t, err, InvalidLeaseDuration)
	_, err = w.a.Lease(ctx, at("none"), LeaseRequest{Action: AcquireLease, Duration: -1})
	wantCode(t, err, BlobNotFound)

	// A lease is there after a restart, with its end.
	if _, err := lease(LeaseRequest{Action: AcquireLease, Proposed: idB, Duration: 60}); err != nil {
		t.Fatal(err)
	}
	w.clock.Advance(30 * time.Second)
	w.reopen()
	if got, err := lease(LeaseRequest{Action: BreakLease}); err != nil || got.Seconds != 30 {
		t.Errorf("%+v, %v", got, err)
	}

	// An expired lease comes back with its id, unless the blob was written.
	w.put("other", "x")
	for _, written := range []bool{false, true} {
		if _, err := w.a.Lease(ctx, at("other"), LeaseRequest{Action: AcquireLease, Proposed: idA, Duration: 15}); err != nil {
			t.Fatal(err)
		}
		w.clock.Advance(16 * time.Second)
		if written {
			w.put("other", "y")
		}
		_, err := w.a.Lease(ctx, at("other"), LeaseRequest{Action: RenewLease, ID: idA})
		if written {
			wantCode(t, err, LeaseIDMismatchWithLeaseOperation)
		} else if err != nil {
			t.Error(err)
		}
	}

	// Whoever overwrites with the id keeps the lease.
	if _, err := w.a.Lease(ctx, at("other"), LeaseRequest{Action: AcquireLease, Proposed: idA, Duration: 15}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.tryPut("other", "z", Put{Conditions: Conditions{Lease: idA}}); err != nil {
		t.Fatal(err)
	}
	if info, _ := w.a.Properties(ctx, at("other"), Conditions{}); info.Lease.State != Leased {
		t.Errorf("%v", info.Lease.State)
	}
}

// TestCodes: every code has a kind, and every refusal is an Error.
func TestCodes(t *testing.T) {
	if len(Codes()) < 50 {
		t.Errorf("%d codes", len(Codes()))
	}
	var e *fault.Refusal
	if err := fmt.Errorf("wrapped: %w", codes.New(BlobNotFound, "blob c/b", "it does not exist")); !errors.As(err, &e) || e.Code != BlobNotFound {
		t.Error(err)
	}
}

// TestLeaseWhenTheClockIsSetBack: a lease of somebody who is gone does not outlast its
// minute by as much as the clock was set back, and whoever is there keeps it.
func TestLeaseWhenTheClockIsSetBack(t *testing.T) {
	w := newWorld(t)
	defer w.close()
	lease := func(blob string, q LeaseRequest) error {
		_, err := w.a.Lease(t.Context(), at(blob), q)
		return err
	}
	for _, blob := range []string{"gone", "there", "forever", "broken"} {
		w.put(blob, "x")
		duration := 60
		if blob == "forever" {
			duration = -1
		}
		if err := lease(blob, LeaseRequest{Action: AcquireLease, Proposed: idA, Duration: duration}); err != nil {
			t.Fatal(err)
		}
	}
	if err := lease("broken", LeaseRequest{Action: BreakLease, Period: 60, HasPeriod: true}); err != nil {
		t.Fatal(err)
	}
	w.clock.Advance(-30 * time.Second) // less than a minute: it is as it was
	wantCode(t, lease("gone", LeaseRequest{Action: AcquireLease, Proposed: idB, Duration: 60}), LeaseAlreadyPresent)
	w.clock.Advance(-time.Hour)
	if err := lease("there", LeaseRequest{Action: RenewLease, ID: idA}); err != nil {
		t.Errorf("whoever holds it does not get it back: %v", err)
	}
	wantCode(t, lease("there", LeaseRequest{Action: AcquireLease, Proposed: idB, Duration: 60}), LeaseAlreadyPresent)
	for _, blob := range []string{"gone", "broken"} {
		if err := lease(blob, LeaseRequest{Action: AcquireLease, Proposed: idB, Duration: 60}); err != nil {
			t.Errorf("%s: %v", blob, err)
		}
	}
	wantCode(t, lease("forever", LeaseRequest{Action: AcquireLease, Proposed: idB, Duration: 60}), LeaseAlreadyPresent)
}
