package functions

import (
	"context"
	"regexp"
	"strings"
)

// BlobTrigger says which blobs start a function registered with [App.Blob].
type BlobTrigger struct {
	// Path is container/blob, or the container alone, where {name} in braces
	// stands for a part of the blob's name: "samples-workers/{name}",
	// "readings/{plant}/{day}.csv". The parts are in [Blob.Params], and the
	// function's bindings may use them. It may have settings in percent signs.
	Path string

	// Connection names the app setting that says how to reach the account: a
	// connection string, or the prefix of identity settings such as
	// NAME__blobServiceUri. "AzureWebJobsStorage" when empty.
	Connection string

	// EventGrid lets the service tell the host of new blobs, where it would
	// look for them by itself otherwise. Azure's Flex Consumption plan demands
	// it. In Lazuli both wake the host at once.
	EventGrid bool
}

// Blob is a blob that was written.
type Blob struct {
	// Content is the blob's content. The handler owns it.
	Content []byte

	Container, Name string
	URI             string
	// Params are the parts of the name that the trigger's path has in braces.
	Params map[string]string
	// Properties are those that the service keeps, such as ContentType;
	// Metadata is what the writer gave.
	Properties, Metadata Properties
}

// Blob registers a function that is called once for each blob that is written
// under the trigger's path, for several at a time and in no order. The content
// travels to the function whole; for blobs of gigabytes take the name, and read
// it with the azblob package.
//
// After an error the host tries again; when a blob has failed five times, a
// message that names it goes to the queue webjobs-blobtrigger-poison.
func (a *App) Blob(name string, t BlobTrigger, handle func(context.Context, Blob) error, bindings ...Binding) {
	a.add(name, &blobTrigger{BlobTrigger: t, handler: handle}, Retry{}, handle == nil, bindings)
}

type blobTrigger struct {
	BlobTrigger
	handler func(context.Context, Blob) error
}

func (t *blobTrigger) kind() string { return "blobTrigger" }

func (t *blobTrigger) problems() []string {
	if strings.Trim(t.Path, "/") == "" {
		return []string{"BlobTrigger needs Path, such as samples-workers/{name}"}
	}
	return nil
}

// binding asks for bytes, so that the content reaches the handler as it is.
func (t *blobTrigger) binding() any {
	b := blobBinding{Name: "blob", Type: t.kind(), Direction: "in", Path: t.Path, Connection: or(t.Connection, defaultStorage), DataType: "binary"}
	if t.EventGrid {
		b.Source = "EventGrid"
	}
	return b
}

// pathParam is a part of a blob's name in the trigger's path.
var pathParam = regexp.MustCompile(`\{([A-Za-z_][A-Za-z0-9_-]*)\}`)

func (t *blobTrigger) decode(_ context.Context, c *call) (Input, error) {
	in, err := input(c.request, "blob")
	if err != nil {
		return nil, err
	}
	b := Blob{
		URI:        text(metadata(c.request, "Uri")),
		Properties: Properties(text(metadata(c.request, "Properties"))),
		Metadata:   Properties(text(metadata(c.request, "Metadata"))),
		Params:     map[string]string{},
	}
	if b.Content, err = body(in); err != nil {
		return nil, err
	}
	b.Container, b.Name, _ = strings.Cut(text(metadata(c.request, "BlobTrigger")), "/")
	for _, m := range pathParam.FindAllStringSubmatch(t.Path, -1) {
		b.Params[m[1]] = text(metadata(c.request, m[1]))
	}
	return b, nil
}

func (t *blobTrigger) handle(ctx context.Context, in Input) error {
	b, ok := in.(Blob)
	if !ok {
		return wrongInput(in, Blob{})
	}
	return t.handler(ctx, b)
}
