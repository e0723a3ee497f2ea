//go:build unix

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/streaming"
)

// TestFullDiskStorage uploads blobs until a small disk is full: clients get the
// service's own errors, nothing acknowledged is lost or half, and with space again
// everything goes on.
func TestFullDiskStorage(t *testing.T) {
	dir := project(t, storageProject, false)
	disk := filepath.Join(dir, "disk")
	if err := os.Mkdir(disk, 0o700); err != nil {
		t.Fatal(err)
	}
	ns := newSmallDisk(t, disk, "64m")
	p := ns.up(t, dir, disk)
	book := newStorageLedger()
	refusal := book.fill(t, openStorage(t, p))
	t.Logf("after %d blobs and %d batches: %v", book.written, book.batches, refusal)
	var answered *azcore.ResponseError
	if !errors.As(refusal, &answered) || answered.StatusCode < 500 || answered.ErrorCode == "" {
		t.Errorf("a full disk was told as %v", refusal)
	}
	if strings.Contains(p.output.String(), "goroutine ") {
		t.Errorf("a full disk gave a stack trace:\n%s", tailOf(p))
	}
	p.kill()

	if err := os.Remove(ns.path("ballast")); err != nil {
		t.Fatal(err)
	}
	p = ns.up(t, dir, disk)
	c := openStorage(t, p)
	book.checkBlobs(t, c)
	book.checkEntities(t, c)
	written, batches := book.written, book.batches
	for n := 0; book.written == written && n < 60; n++ {
		again, cancel := context.WithTimeout(t.Context(), time.Second)
		book.overwrite(again, c, "whole-0")
		cancel()
	}
	book.change(t.Context(), c, "after", 1)
	if book.written == written || book.batches == batches {
		t.Errorf("with space again, nothing was accepted:\n%s", tailOf(p))
	}
	book.drain(t, c)
}

// fill writes blobs of new names, entities and messages until a blob is refused.
func (l *storageLedger) fill(t *testing.T, c storageClients) error {
	t.Helper()
	box := c.blobs.ServiceClient().NewContainerClient("crash")
	for n := range 2000 {
		name, version := fmt.Sprintf("fill-%d", n), l.version()
		if n%10 == 0 {
			l.change(t.Context(), c, "fill", 1)
			l.put(t.Context(), c, 1)
		}
		body := streaming.NopCloser(bytes.NewReader(content(version)))
		if _, err := box.NewBlockBlobClient(name).Upload(t.Context(), body, nil); err != nil {
			return err
		}
		l.acknowledge(l.blobs, name, version, &l.written)
	}
	t.Fatal("the disk did not fill")
	return nil
}
