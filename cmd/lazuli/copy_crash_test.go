//go:build unix

package main

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blob"

	"github.com/lazuli-dev/lazuli/internal/testkit"
)

// TestKillCopy kills the process with -9 in the middle of a copy from another server.
// The next process goes on with it: its blob is whole in the end, and was never half.
func TestKillCopy(t *testing.T) {
	t.Parallel()
	content := strings.Repeat("from afar ", 200_000)
	goOn := make(chan struct{})
	far := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", fmt.Sprint(len(content)))
		half := len(content) / 2
		_, _ = io.WriteString(w, content[:half])
		_ = http.NewResponseController(w).Flush()
		select {
		case <-goOn:
			_, _ = io.WriteString(w, content[half:])
		case <-r.Context().Done():
		}
	}))
	defer far.Close()
	dir := project(t, storageProject, false)
	p := up(t, dir)
	copied := func() *blob.Client {
		return openStorage(t, p).blobs.ServiceClient().NewContainerClient("crash").NewBlobClient("copied")
	}
	r, err := copied().StartCopyFromURL(t.Context(), far.URL+"/file?sig=secret", nil)
	if err != nil || *r.CopyStatus != blob.CopyStatusTypePending {
		t.Fatalf("%+v %v", r, err)
	}
	p.kill()
	p = up(t, dir)
	b := copied()
	now, err := b.GetProperties(t.Context(), nil)
	if err != nil || *now.CopyStatus != blob.CopyStatusTypePending || *now.CopyID != *r.CopyID || *now.ContentLength != 0 {
		t.Fatalf("%+v %v", now, err)
	}
	close(goOn)
	testkit.Eventually(t, 30*time.Second, func() bool {
		now, err = b.GetProperties(t.Context(), nil)
		return err == nil && *now.CopyStatus != blob.CopyStatusTypePending
	}, "the copy to end")
	if *now.CopyStatus != blob.CopyStatusTypeSuccess || *now.CopyID != *r.CopyID {
		t.Fatalf("%s %v", *now.CopyStatus, now.CopyStatusDescription)
	}
	body, err := b.DownloadStream(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer body.Body.Close()
	if text, err := io.ReadAll(body.Body); err != nil || string(text) != content {
		t.Errorf("%d bytes of %d, %v", len(text), len(content), err)
	}
	if err := p.stop(); err != nil {
		t.Errorf("orderly stop: %v\n%s", err, p.output)
	}
}
