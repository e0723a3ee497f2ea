package table

import (
	"strings"

	"github.com/lazuli-dev/lazuli/internal/azure/storage"
	"github.com/lazuli-dev/lazuli/internal/tablestore"
)

// appendETag appends the ETag of an entity, which is when it was written:
// W/"datetime'2021-04-06T21%3A03%3A31.9231271Z'".
func appendETag(b []byte, t tablestore.Ticks) []byte {
	b = append(b, `W/"datetime'`...)
	var space [40]byte
	for _, c := range t.AppendText(space[:0]) {
		if c == ':' {
			b = append(b, "%3A"...)
		} else {
			b = append(b, c)
		}
	}
	return append(b, `'"`...)
}

// etagText is the ETag of an entity as a header has it.
func etagText(t tablestore.Ticks) string {
	var space [64]byte
	return string(appendETag(space[:0], t))
}

// parseETag reads an If-Match: 0 is *. Colons may be percent-encoded or not.
func parseETag(text string) (tablestore.Ticks, error) {
	text = strings.TrimSpace(text)
	if text == "*" {
		return 0, nil
	}
	inner := strings.Trim(strings.TrimPrefix(text, "W/"), `"`)
	inner, datetime := strings.CutPrefix(inner, "datetime'")
	inner, closed := strings.CutSuffix(inner, "'")
	inner = strings.ReplaceAll(strings.ReplaceAll(inner, "%3A", ":"), "%3a", ":")
	t, ok := tablestore.ParseTicks(inner)
	if !datetime || !closed || !ok || t == 0 {
		e := storage.Fail("InvalidInput")
		e.Message = "The etag value '" + clip(text) + "' specified in one of the request headers is not valid. Please make sure only one etag value is specified and is valid."
		return 0, e
	}
	return t, nil
}
