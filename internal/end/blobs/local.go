package blobs

import (
	"bytes"
	"context"
	"net/url"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/host/settings"
	"github.com/lazuli-dev/lazuli/internal/objectstore"
)

// Account is the containers of an account of this process, as a connection reaches
// them.
type Account struct {
	Name  string
	URL   string // of the account, without a slash at its end
	Blobs objectstore.Account
	// Make makes a container that is missing.
	Make func(ctx context.Context, name string) error
	// Watch is closed when the container of that name comes or goes.
	Watch func(name string) <-chan struct{}
	// May says what the connection may do; nil: everything.
	May func(use Use, container string) error
}

// Local is the containers of this process. At finds the account that a connection
// leads to, and refuses one that leads elsewhere.
type Local struct {
	At func(settings.Connection) (Account, error)
}

// Open implements Service.
func (l *Local) Open(ctx context.Context, c settings.Connection, name string, use Use) (Container, error) {
	a, err := l.at(c, name, use)
	if err != nil {
		return nil, err
	}
	return open(ctx, a, name)
}

// Need implements Service.
func (l *Local) Need(ctx context.Context, c settings.Connection, name string, use Use) (Container, error) {
	a, err := l.at(c, name, use)
	if err != nil {
		return nil, err
	}
	got, err := open(ctx, a, name)
	if !fault.Is(err, fault.NotFound) {
		return got, err
	}
	if err := a.Make(ctx, name); err != nil {
		return nil, err
	}
	return open(ctx, a, name)
}

func (l *Local) at(c settings.Connection, name string, use Use) (Account, error) {
	a, err := l.At(c)
	if err == nil && a.May != nil {
		err = a.May(use, name)
	}
	return a, err
}

func open(ctx context.Context, a Account, name string) (Container, error) {
	if _, err := a.Blobs.Container(ctx, name, objectstore.Conditions{}); err != nil {
		return nil, err
	}
	return &local{a, name}, nil
}

// Await implements Service.
func (l *Local) Await(ctx context.Context, c settings.Connection, name string) error {
	a, err := l.At(c)
	if err != nil {
		return err
	}
	changed := a.Watch(name) // before the look, which must not miss a change
	if _, err := open(ctx, a, name); !fault.Is(err, fault.NotFound) {
		return err
	}
	select {
	case <-changed:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// local is a container of this process.
type local struct {
	a    Account
	name string
}

func (l *local) Account() string { return l.a.Name }

func (l *local) URL(blob string) string {
	return l.a.URL + "/" + l.name + "/" + EscapePath(blob)
}

// EscapePath is a blob's name as the end of an address.
func EscapePath(blob string) string {
	steps := strings.Split(blob, "/")
	for i, s := range steps {
		steps[i] = url.PathEscape(s)
	}
	return strings.Join(steps, "/")
}

func (l *local) at(blob string) objectstore.Address {
	return objectstore.Address{Container: l.name, Blob: blob}
}

// may is asked at each use: what a connection may do can be taken from it.
func (l *local) may(use Use) error {
	if l.a.May == nil {
		return nil
	}
	return l.a.May(use, l.name)
}

func (l *local) Changes(ctx context.Context, after objectstore.Position, most int) ([]objectstore.Change, objectstore.Position, error) {
	if err := l.may(Read); err != nil {
		return nil, after, err
	}
	return l.a.Blobs.Changes(ctx, l.name, after, most)
}

func (l *local) WaitChange(ctx context.Context, after objectstore.Position) error {
	return l.a.Blobs.WaitChange(ctx, l.name, after)
}

func (l *local) LastChange() objectstore.Position { return l.a.Blobs.LastChange() }

func (l *local) Info(ctx context.Context, blob string) (objectstore.Info, error) {
	if err := l.may(Read); err != nil {
		return objectstore.Info{}, err
	}
	info, err := l.a.Blobs.Properties(ctx, l.at(blob), objectstore.Conditions{})
	if err == nil && info.Encryption.KeySHA256 != "" { // as the service, which asks for the key here too
		err = fault.New(fault.Forbidden, "blob "+l.name+"/"+blob, "it was written with a customer's key (x-ms-encryption-key), and only a client that sends the same key may read it")
	}
	return info, err
}

// MostHeld is how large a blob may be that is handed to a function as a whole.
const MostHeld = 1 << 30

// TooLarge is the error of a blob that is larger.
func TooLarge(container, blob string, size int64) error {
	return fault.New(fault.TooLarge, "blob "+container+"/"+blob,
		"it has %d bytes, and a function is handed at most %d; bind a blob client of the SDK instead, which reads it in pieces", size, MostHeld)
}

func (l *local) Read(ctx context.Context, blob, etag string) ([]byte, objectstore.Info, error) {
	if err := l.may(Read); err != nil {
		return nil, objectstore.Info{}, err
	}
	var only objectstore.Conditions
	if etag != "" {
		only.IfMatch = []string{etag}
	}
	c, err := l.a.Blobs.Open(ctx, l.at(blob), only)
	if err != nil {
		return nil, objectstore.Info{}, err
	}
	defer c.Close()
	info := c.Info()
	if info.Size > MostHeld {
		return nil, info, TooLarge(l.name, blob, info.Size)
	}
	var content bytes.Buffer
	content.Grow(int(info.Size))
	err = c.WriteRange(&content, 0, info.Size)
	return content.Bytes(), info, err
}

func (l *local) Write(ctx context.Context, blob string, content []byte) error {
	if err := l.may(Write); err != nil {
		return err
	}
	u, err := l.a.Blobs.NewUpload(ctx, int64(len(content)))
	if err != nil {
		return err
	}
	defer u.Discard()
	if _, err := u.Write(content); err != nil {
		return err
	}
	_, err = l.a.Blobs.PutBlob(ctx, l.at(blob), u, objectstore.Put{
		Type: objectstore.BlockBlob, Properties: objectstore.Properties{ContentType: "application/octet-stream"},
	})
	return err
}

// List implements Keeper.
func (l *local) List(ctx context.Context, prefix, after string, most int) ([]string, error) {
	if err := l.may(Read); err != nil {
		return nil, err
	}
	page, _, err := l.a.Blobs.List(ctx, l.name, objectstore.ListOptions{Prefix: prefix, StartFrom: after, Max: most + 1})
	if err != nil {
		return nil, err
	}
	names := make([]string, 0, len(page))
	for i := range page {
		if name := page[i].Blob.Blob; name != after && len(names) < most {
			names = append(names, name)
		}
	}
	return names, nil
}

// Delete implements Keeper.
func (l *local) Delete(ctx context.Context, blob string) error {
	if err := l.may(Write); err != nil {
		return err
	}
	return l.a.Blobs.Delete(ctx, l.at(blob), objectstore.DeleteOptions{Snapshots: objectstore.IncludeSnapshots})
}
