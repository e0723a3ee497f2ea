package app

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/lazuli-dev/lazuli/internal/config"
	"github.com/lazuli-dev/lazuli/internal/objectstore"
	pagejobs "github.com/lazuli-dev/lazuli/internal/page/jobs"
	"github.com/lazuli-dev/lazuli/internal/resource"
	"github.com/lazuli-dev/lazuli/internal/stream/jobs"
	"github.com/lazuli-dev/lazuli/internal/testkit"
)

// tables makes a container of the well-known storage account, and gives what puts
// blobs into it.
func (l *jobLab) tables() (put func(name, text string)) {
	l.t.Helper()
	a, err := l.s.Exists.Account(resource.StorageAccounts, resource.DefaultStorage)
	if err == nil {
		err = l.s.Exists.Ensure(l.t.Context(), resource.ID{Account: a, Type: resource.BlobContainers, Name: "tables"}, json.RawMessage("{}"))
	}
	if err != nil {
		l.t.Fatal(err)
	}
	blobs := l.st.objects.Account(a.ID)
	return func(name, text string) {
		l.t.Helper()
		u, err := blobs.NewUpload(l.t.Context(), int64(len(text)))
		if err != nil {
			l.t.Fatal(err)
		}
		defer u.Discard()
		if _, err := u.Write([]byte(text)); err != nil {
			l.t.Fatal(err)
		}
		if _, err := blobs.PutBlob(l.t.Context(), objectstore.Address{Container: "tables", Blob: name}, u, objectstore.Put{Type: objectstore.BlockBlob}); err != nil {
			l.t.Fatal(err)
		}
	}
}

// TestBlobReferenceIsFollowed: a job waits for the first table, takes those that
// follow and those that are overwritten, and tells of one that cannot be read,
// beside which the one before stays.
func TestBlobReferenceIsFollowed(t *testing.T) {
	testkit.NoLeaks(t)
	l := newJobLab(t, joined)
	put := l.tables()
	l.refers(config.Reference{BlobPath: config.BlobPath{Blob: "tables/{date}/names.csv", DateFormat: "YYYY-MM-DD"}})
	j, end := l.run()
	defer end()
	l.await(j, jobs.Failed)
	if why := pagejobs.NumbersOf(j).Failed; !strings.Contains(why, "the job waits for one") {
		t.Errorf("it does not say what it waits for: %s", why)
	}
	put("2026-01-01/names.csv", "deviceId,name\nd1,first\n")
	l.await(j, jobs.Running)
	l.sendUntil("d1-1-first", `{"deviceId":"d1","v":1}`)
	put("2026-01-02/names.csv", "deviceId,name\nd1,second\n")
	l.sendUntil("d1-2-second", `{"deviceId":"d1","v":2}`)
	put("2026-01-03/names.csv", "Obj\x01")
	testkit.Eventually(t, jobWait, func() bool {
		w := pagejobs.NumbersOf(j).Warnings
		return len(w) == 1 && w[0].Kind == "reference" && strings.Contains(w[0].Text, "is Avro")
	}, "no warning of the broken table")
	l.sendUntil("d1-3-second", `{"deviceId":"d1","v":3}`)
	put("2026-01-03/names.csv", "deviceId,name\nd1,third\n")
	l.sendUntil("d1-4-third", `{"deviceId":"d1","v":4}`)
	put("2026-01-03/names.csv", "deviceId,name\nd1,mended\n")
	l.sendUntil("d1-5-mended", `{"deviceId":"d1","v":5}`)
	if w := pagejobs.NumbersOf(j).Warnings; len(w) != 0 {
		t.Errorf("it is mended, and told all the same: %+v", w)
	}
}
