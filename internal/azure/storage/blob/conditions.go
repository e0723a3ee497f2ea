package blob

import (
	"net/http"
	"strings"
	"time"

	"github.com/lazuli-dev/lazuli/internal/azure/storage"
	"github.com/lazuli-dev/lazuli/internal/objectstore"
)

// conditionHeaders are the names of one set of conditions: those of the target and
// those of a copy's source.
type conditionHeaders struct {
	ifMatch, ifNoneMatch, ifModified, ifUnmodified, ifTags string // canonical
}

var (
	targetConditions = conditionHeaders{"If-Match", "If-None-Match", "If-Modified-Since", "If-Unmodified-Since", "X-Ms-If-Tags"}
	sourceConditions = conditionHeaders{
		"X-Ms-Source-If-Match", "X-Ms-Source-If-None-Match", "X-Ms-Source-If-Modified-Since",
		"X-Ms-Source-If-Unmodified-Since", "X-Ms-Source-If-Tags",
	}
)

// conditions reads the request's conditions and its lease id.
func (x *exchange) conditions() (objectstore.Conditions, error) {
	c, err := readConditions(x.req, targetConditions)
	if err != nil {
		return c, err
	}
	c.Lease = x.req.Header("X-Ms-Lease-Id")
	return c, nil
}

func readConditions(r *storage.Request, names conditionHeaders) (c objectstore.Conditions, err error) {
	c.IfMatch = parseETags(r.Header(names.ifMatch))
	c.IfNoneMatch = parseETags(r.Header(names.ifNoneMatch))
	if c.IfModifiedSince, err = readTime(r, names.ifModified); err != nil {
		return c, err
	}
	if c.IfUnmodifiedSince, err = readTime(r, names.ifUnmodified); err != nil {
		return c, err
	}
	text := r.Header(names.ifTags)
	if text == "" {
		return c, nil
	}
	e, err := parseIfTags(text)
	if err != nil {
		return c, storage.InvalidHeader(strings.ToLower(names.ifTags), clip(text, 200)).With("Reason", err.Error())
	}
	c.Tags = e.Holds
	return c, nil
}

// parseETags reads a list of ETags; quotes and the mark of weak ones are dropped.
func parseETags(text string) []string {
	if text == "" {
		return nil
	}
	var tags []string
	for part := range strings.SplitSeq(text, ",") {
		part = strings.TrimSpace(part)
		if part = strings.Trim(strings.TrimPrefix(part, "W/"), `"`); part != "" {
			tags = append(tags, part)
		}
	}
	return tags
}

// readTime reads a header that is a time of RFC 9110; zero without it.
func readTime(r *storage.Request, name string) (time.Time, error) {
	text := r.Header(name)
	if text == "" {
		return time.Time{}, nil
	}
	t, err := http.ParseTime(text)
	if err != nil {
		return t, storage.InvalidHeader(name, clip(text, 100))
	}
	return t, nil
}
