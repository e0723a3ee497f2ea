package transfer

import (
	"bytes"
	"context"
	"encoding/base64"
	"net"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/service"

	"github.com/lazuli-dev/lazuli/internal/azure/storage"
	"github.com/lazuli-dev/lazuli/internal/azure/storage/blob"
	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/kv"
	"github.com/lazuli-dev/lazuli/internal/objectstore"
	"github.com/lazuli-dev/lazuli/internal/resource"
	"github.com/lazuli-dev/lazuli/internal/testkit"
	"github.com/lazuli-dev/lazuli/internal/vfs"
)

// world is the Blob service over a store in memory, on a socket, behind a way that
// tests make unsafe.
type world struct {
	t   *testing.T
	way atomic.Pointer[func(next http.Handler) http.Handler] // nil: safe
	web Side                                                 // a container
}

type keyAccess struct{}

func (keyAccess) Keys() storage.Keys {
	return storage.Keys{Primary: storage.DevelopmentKey, Delegation: base64.StdEncoding.EncodeToString([]byte("secret"))}
}

func (keyAccess) Verify(context.Context, string) (storage.Bearer, error) {
	return storage.Bearer{}, fault.New(fault.Unauthorized, "", "keys alone")
}

func (a keyAccess) Delegated(ctx context.Context, principal, _ string) (storage.Bearer, error) {
	return a.Verify(ctx, principal)
}

func newWorld(t *testing.T) *world {
	t.Helper()
	testkit.NoLeaks(t)
	db, err := kv.Open(kv.Options{FS: vfs.NewMem(), Dir: "db", Log: testkit.Discard()})
	check(t, err)
	t.Cleanup(func() { check(t, db.Close()) })
	engine, err := objectstore.Open(objectstore.Options{DB: db, FS: vfs.NewMem(), Dir: "blobs", Log: testkit.Discard()})
	check(t, err)
	t.Cleanup(func() { check(t, engine.Close()) })
	exists, err := resource.Open(resource.NewMem())
	check(t, err)
	check(t, exists.Register(blob.Kinds(engine, nil)...))
	account, err := exists.EnsureAccount(resource.StorageAccounts, "devstoreaccount1")
	check(t, err)
	blobs, err := blob.New(blob.Config{Store: engine.Account(account.ID), Exists: exists, Account: account, Log: testkit.Discard(), Access: keyAccess{}, Copies: blob.NewCopies(blob.CopiesOptions{Store: engine, Log: testkit.Discard()})})
	check(t, err)
	w := &world{t: t}
	w.serve(blobs)
	check(t, create(w.web))
	return w
}

func create(s Side) error {
	_, err := s.Container.Create(context.Background(), nil)
	return err
}

func (w *world) serve(blobs http.Handler) {
	l := testkit.Listen(w.t)
	server := &http.Server{ConnContext: storage.NamesContext, Handler: http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if unsafe := w.way.Load(); unsafe != nil {
			(*unsafe)(blobs).ServeHTTP(rw, r)
			return
		}
		blobs.ServeHTTP(rw, r)
	})}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = server.Serve(named{l})
	}()
	transport := &http.Transport{DisableCompression: true}
	w.t.Cleanup(func() {
		transport.CloseIdleConnections()
		patience, end := context.WithTimeout(context.Background(), 10*time.Second)
		defer end()
		_ = server.Shutdown(patience) // the engine closes when nobody reads any more
		server.Close()
		<-done
	})
	key, err := service.NewSharedKeyCredential("devstoreaccount1", storage.DevelopmentKey)
	check(w.t, err)
	client, err := service.NewClientWithSharedKeyCredential("http://"+l.Addr().String()+"/devstoreaccount1", key, &service.ClientOptions{ClientOptions: azcore.ClientOptions{
		Transport: &http.Client{Transport: transport}, Retry: policy.RetryOptions{MaxRetries: -1},
	}})
	check(w.t, err)
	w.web = Side{Place: w.place(Scheme + "devstoreaccount1/web/"), Container: client.NewContainerClient("web"), Realm: "here"}
}

type named struct{ net.Listener }

func (l named) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return storage.KeepNames(storage.Blob)(c), nil
}

func (w *world) place(text string) Place {
	w.t.Helper()
	p, err := ParsePlace(text)
	check(w.t, err)
	return p
}

// blob is a blob of the container.
func (w *world) blob(name string) Side {
	s := w.web
	s.Place = w.place(Scheme + "devstoreaccount1/web/" + name)
	return s
}

func (w *world) file(path string) Side { return Side{Place: w.place(path)} }

// copy copies one, and returns what was done.
func (w *world) copy(source, target Side, o Options) (Result, error) {
	w.t.Helper()
	if o.Parallel == 0 {
		o.Parallel = 4
	}
	c := New(o)
	err := c.Run(context.Background(), []Side{source}, target)
	return c.Result(), err
}

// read returns a blob's bytes.
func (w *world) read(name string) []byte {
	w.t.Helper()
	var out bytes.Buffer
	_, err := w.copy(w.blob(name), w.file("-"), Options{Out: &out})
	check(w.t, err)
	return out.Bytes()
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
