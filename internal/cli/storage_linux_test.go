package cli

import (
	"bytes"
	"compress/gzip"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blockblob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/sas"

	"github.com/lazuli-dev/lazuli/internal/instance"
)

const storageProject = `name: memory
eventHubs: {amqpPort: 0, amqpsPort: 0}
cosmos: {port: 0, computePort: 0}
portal: {port: 0}
identity: {port: 0}
storage: {blobPort: 0, queuePort: 0, tablePort: 0, containers: [data]}
`

// storageRig is a folder in which a lazuli runs.
type storageRig struct {
	t   *testing.T
	dir string
}

func newStorageRig(t *testing.T) *storageRig {
	t.Helper()
	r := &storageRig{t, t.TempDir()}
	t.Setenv("LAZULI_RUN_DIR", filepath.Join(r.dir, ".run"))
	if err := os.WriteFile(filepath.Join(r.dir, "lazuli.yaml"), []byte(storageProject), 0o600); err != nil {
		t.Fatal(err)
	}
	server := r.command("up", ".")
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = server.Process.Signal(syscall.SIGINT)
		if err := server.Wait(); err != nil {
			t.Error(err)
		}
	})
	for end := time.Now().Add(scriptDeadline); ; {
		if info, err := instance.Find(r.dir); err == nil && info.Ready {
			return r
		}
		if time.Now().After(end) {
			t.Fatal("lazuli does not start")
		}
		<-time.After(20 * time.Millisecond)
	}
}

// command is a lazuli of this test binary (see TestMain).
func (r *storageRig) command(args ...string) *exec.Cmd {
	self, err := os.Executable()
	if err != nil {
		r.t.Fatal(err)
	}
	link := filepath.Join(r.dir, "lazuli")
	if err := os.Symlink(self, link); err != nil && !os.IsExist(err) {
		r.t.Fatal(err)
	}
	c := exec.Command(link, args...)
	c.Dir = r.dir
	return c
}

// run returns what a command printed, and the most memory that it had, in bytes.
func (r *storageRig) run(args ...string) ([]byte, int64) {
	r.t.Helper()
	c := r.command(args...)
	out, err := c.Output()
	if err != nil {
		r.t.Fatal(args, err)
	}
	return out, c.ProcessState.SysUsage().(*syscall.Rusage).Maxrss << 10
}

// TestStorageMemory: what is copied is not held in memory.
func TestStorageMemory(t *testing.T) {
	r := newStorageRig(t)
	if err := os.WriteFile(filepath.Join(r.dir, "sparse"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(filepath.Join(r.dir, "sparse"), 200<<20); err != nil {
		t.Fatal(err)
	}
	_, idle := r.run("storage", "ls")
	const buffers, slack = 6 * 4 << 20, 24 << 20 // for --parallel 4
	for _, args := range [][]string{{"sparse", "blob:///data/sparse"}, {"blob:///data/sparse", "back"}, {"blob:///data/sparse", "/dev/null"}} {
		_, most := r.run(append([]string{"storage", "cp", "--parallel", "4"}, args...)...)
		if most > idle+buffers+slack {
			t.Errorf("cp %v took %d MiB, a listing %d", args, most>>20, idle>>20)
		}
	}
}

// TestStorageBytesAsStored: a blob that says it is compressed comes as it is.
func TestStorageBytesAsStored(t *testing.T) {
	r := newStorageRig(t)
	account := r.account()
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	_, _ = z.Write(bytes.Repeat([]byte("text "), 1000))
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	encoding := "gzip"
	_, err := account.client.NewContainerClient("data").NewBlockBlobClient("z").UploadBuffer(context.Background(), packed.Bytes(), &blockblob.UploadBufferOptions{
		HTTPHeaders: &blob.HTTPHeaders{BlobContentEncoding: &encoding},
	})
	if err != nil {
		t.Fatal(err)
	}
	if out, _ := r.run("storage", "cat", "blob:///data/z"); !bytes.Equal(out, packed.Bytes()) {
		t.Errorf("%d bytes came as %d", packed.Len(), len(out))
	}
}

// account is the one that localhost means.
func (r *storageRig) account() *blobAccount {
	r.t.Helper()
	info, err := instance.Find(r.dir)
	if err != nil {
		r.t.Fatal(err)
	}
	account, err := (&storageFlags{}).local(info, "")
	if err != nil {
		r.t.Fatal(err)
	}
	return account
}

// TestStorageSignature: --sas opens what it is for, and the refusal of the rest says why.
func TestStorageSignature(t *testing.T) {
	r := newStorageRig(t)
	address, err := r.account().client.GetSASURL(sas.AccountResourceTypes{Container: true, Object: true},
		sas.AccountPermissions{Read: true, List: true}, time.Now().Add(time.Hour), nil)
	if err != nil {
		t.Fatal(err)
	}
	_, signature, _ := strings.Cut(address, "?")
	r.run("storage", "cp", "lazuli.yaml", "blob:///data/")
	if out, _ := r.run("storage", "cat", "blob:///data/lazuli.yaml", "--sas", signature); string(out) != storageProject {
		t.Errorf("%q", out)
	}
	if out, _ := r.run("storage", "ls", "-r", "blob:///data", "--sas", "?"+signature); string(out) != "lazuli.yaml\n" {
		t.Errorf("%q", out)
	}
	out, err := r.command("storage", "cp", "lazuli.yaml", "blob:///data/other", "--sas", signature).CombinedOutput()
	if err == nil || !strings.Contains(string(out), "AuthorizationPermissionMismatch") || !strings.Contains(string(out), "(sp=)") || strings.Contains(string(out), "sig=") {
		t.Errorf("%v: %s", err, out)
	}
}
