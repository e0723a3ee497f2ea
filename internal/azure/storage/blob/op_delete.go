package blob

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/azure/storage"
	"github.com/lazuli-dev/lazuli/internal/objectstore"
)

// Delete Blob (with, without or only its snapshots; one snapshot; one version; for
// good with deletetype=permanent), Undelete Blob and Snapshot Blob.

func (x *exchange) deleteBlob() error {
	cond, err := x.conditions()
	if err != nil {
		return err
	}
	o, err := x.readDelete()
	if err != nil {
		return err
	}
	o.Conditions = cond
	kept := x.svc.store.Retention().BlobDays > 0 && !o.Permanent
	if err := x.svc.store.Delete(x.ctx(), x.address(), o); err != nil {
		return err
	}
	x.set("x-ms-delete-type-permanent", strconv.FormatBool(!kept))
	return x.reply(http.StatusAccepted)
}

func (x *exchange) readDelete() (o objectstore.DeleteOptions, err error) {
	switch text := x.req.Header("X-Ms-Delete-Snapshots"); strings.ToLower(text) {
	case "":
	case "include":
		o.Snapshots = objectstore.IncludeSnapshots
	case "only":
		o.Snapshots = objectstore.OnlySnapshots
	default:
		return o, storage.InvalidHeader("x-ms-delete-snapshots", clip(text, 50))
	}
	if o.Snapshots != objectstore.NoSnapshots && (x.target.Snapshot != "" || x.target.Version != "") {
		return o, storage.Fail("InvalidOperation")
	}
	switch text := x.req.Query.Get("deletetype"); strings.ToLower(text) {
	case "":
	case "permanent":
		if err := x.mayAlso('y', mayDeleteForGood); err != nil {
			return o, err
		}
		if x.target.Snapshot == "" && x.target.Version == "" {
			return o, storage.InvalidQuery("deletetype", text, "Only a snapshot or a version is deleted for good.")
		}
		o.Permanent = true
	default:
		return o, storage.InvalidQuery("deletetype", clip(text, 50), "")
	}
	return o, nil
}

func (x *exchange) undelete() error {
	addr, err := x.current()
	if err != nil {
		return err
	}
	if err := x.svc.store.Undelete(x.ctx(), addr); err != nil {
		return err
	}
	return x.reply(http.StatusOK)
}

// snapshot answers with the state of the blob, which does not change. Metadata that
// is given replaces the snapshot's.
func (x *exchange) snapshot() error {
	addr, err := x.current()
	if err != nil {
		return err
	}
	cond, err := x.conditions()
	if err != nil {
		return err
	}
	m, err := x.metadata()
	if err != nil {
		return err
	}
	if err := x.demandKey(addr); err != nil {
		return err
	}
	info, err := x.svc.store.Snapshot(x.ctx(), addr, m, cond)
	if err != nil {
		return err
	}
	x.set("x-ms-snapshot", info.Snapshot)
	x.setState(info.ETag, info.Modified)
	x.setEncrypted(info.Encryption, "x-ms-request-server-encrypted")
	return x.reply(http.StatusCreated)
}
