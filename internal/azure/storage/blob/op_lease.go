package blob

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/azure/storage"
	"github.com/lazuli-dev/lazuli/internal/objectstore"
)

// Lease Blob and Lease Container: acquire, renew, change, release, break, with the
// conditions of both. Not on snapshots.

func (x *exchange) leaseBlob() error {
	addr, err := x.current()
	if err != nil {
		return err
	}
	return x.lease(addr)
}

func (x *exchange) leaseContainer() error {
	return x.lease(objectstore.Address{Container: x.target.Container})
}

// leaseStatus is what each action answers.
var leaseStatus = map[objectstore.LeaseAction]int{
	objectstore.AcquireLease: http.StatusCreated, objectstore.RenewLease: http.StatusOK, objectstore.ChangeLease: http.StatusOK,
	objectstore.ReleaseLease: http.StatusOK, objectstore.BreakLease: http.StatusAccepted,
}

func (x *exchange) lease(addr objectstore.Address) error {
	q, err := x.readLease()
	if err != nil {
		return err
	}
	if q.Conditions, err = x.conditions(); err != nil {
		return err
	}
	q.Conditions.Lease = "" // it is what the action is about
	done, err := x.svc.store.Lease(x.ctx(), addr, q)
	if err != nil {
		return err
	}
	x.setState(done.ETag, done.Modified)
	switch q.Action {
	case objectstore.BreakLease:
		x.set("x-ms-lease-time", strconv.Itoa(done.Seconds))
	case objectstore.ReleaseLease:
	default:
		x.set("x-ms-lease-id", done.ID)
	}
	return x.reply(leaseStatus[q.Action])
}

func (x *exchange) readLease() (q objectstore.LeaseRequest, err error) {
	if err := x.demand("X-Ms-Lease-Action"); err != nil {
		return q, err
	}
	q.ID, q.Proposed = x.req.Header("X-Ms-Lease-Id"), x.req.Header("X-Ms-Proposed-Lease-Id")
	switch action := x.req.Header("X-Ms-Lease-Action"); strings.ToLower(action) {
	case "acquire":
		q.Action = objectstore.AcquireLease
		if err := x.demand("X-Ms-Lease-Duration"); err != nil {
			return q, err
		}
		q.Duration, err = x.seconds("X-Ms-Lease-Duration")
	case "renew":
		q.Action = objectstore.RenewLease
		err = x.demand("X-Ms-Lease-Id")
	case "change":
		q.Action = objectstore.ChangeLease
		if err = x.demand("X-Ms-Lease-Id"); err == nil {
			err = x.demand("X-Ms-Proposed-Lease-Id")
		}
	case "release":
		q.Action = objectstore.ReleaseLease
		err = x.demand("X-Ms-Lease-Id")
	case "break":
		q.Action = objectstore.BreakLease
		if q.HasPeriod = x.req.HasHeader("X-Ms-Lease-Break-Period"); q.HasPeriod {
			q.Period, err = x.seconds("X-Ms-Lease-Break-Period")
			if err == nil && (q.Period < 0 || q.Period > 60) {
				err = storage.InvalidHeader("x-ms-lease-break-period", x.req.Header("X-Ms-Lease-Break-Period"))
			}
		}
	default:
		err = storage.InvalidHeader("x-ms-lease-action", clip(action, 50))
	}
	return q, err
}

// seconds reads a header that is a number of seconds; its bounds are the engine's.
func (x *exchange) seconds(name string) (int, error) {
	text := x.req.Header(name)
	n, err := strconv.Atoi(text)
	if err != nil || n < -1 {
		return 0, storage.InvalidHeader(strings.ToLower(name), clip(text, 50))
	}
	return n, nil
}
