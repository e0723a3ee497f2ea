package blobs

import (
	"context"

	"github.com/lazuli-dev/lazuli/functions/funcrpc"
	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/host/binding"
	"github.com/lazuli-dev/lazuli/internal/host/expr"
	"github.com/lazuli-dev/lazuli/internal/host/input"
	"github.com/lazuli-dev/lazuli/internal/host/trigger"
)

// blobInput is a blob input binding: the content of a blob, or nothing where there is
// none.
//
// Supported properties: path, which may have {placeholders}, connection, dataType, and
// how the blob is handed over, as in Trigger.
type blobInput struct {
	end     End
	binding *binding.Binding
	place
	deferred bool
	setting  string // of its connection, for a client
}

func newInput(e End, s input.Setup) (*blobInput, error) {
	p, err := readPlace(s.Settings, s.Binding)
	return &blobInput{end: e, binding: s.Binding, place: p, deferred: isDeferred(s.Binding), setting: settingOf(s.Binding)}, err
}

// Place is the container, named as declared.
func (i *blobInput) Place() trigger.Place { return i.at() }

// Read implements input.Input.
func (i *blobInput) Read(ctx context.Context, values expr.Values) (*funcrpc.TypedData, error) {
	container, blob, err := i.expand(values)
	if err != nil {
		return nil, err
	}
	c, err := i.end.Blobs.Open(ctx, i.conn, container, Read)
	if i.deferred && (err == nil || fault.Is(err, fault.NotFound)) {
		return reference(i.setting, container, blob), nil
	}
	if err == nil {
		var content []byte
		if content, _, err = c.Read(ctx, blob, ""); err == nil {
			return value(content, i.binding.DataType), nil
		}
	}
	if fault.Is(err, fault.NotFound) || fault.Is(err, fault.Gone) {
		return &funcrpc.TypedData{}, nil
	}
	return nil, err
}
