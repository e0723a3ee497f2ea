package table

import (
	"testing"

	"github.com/lazuli-dev/lazuli/internal/tablestore"
)

func TestETags(t *testing.T) {
	stamp, _ := tablestore.ParseTicks("2021-04-06T21:03:31.9231271Z")
	if got := string(appendETag(nil, stamp)); got != `W/"datetime'2021-04-06T21%3A03%3A31.9231271Z'"` {
		t.Errorf("written %s", got)
	}
	for text, want := range map[string]tablestore.Ticks{
		"*": 0, " * ": 0, `W/"datetime'2021-04-06T21%3A03%3A31.9231271Z'"`: stamp, `W/"datetime'2021-04-06T21:03:31.9231271Z'"`: stamp,
		`W/"datetime'2021-04-06T21%3a03%3a31.9231271Z'"`: stamp, `"datetime'2021-04-06T21%3A03%3A31.9231271Z'"`: stamp,
		"": -1, `W/"*"`: -1, `W/"datetime'2021'"`: -1, `W/"2021-04-06T21:03:31Z"`: -1, `W/"datetime'2021-04-06T21:03:31.9231271Z"`: -1,
		`W/"datetime'0001-01-01T00:00:00Z'"`: -1, `W/"datetime'2021-04-06T21:03:31Z'",W/"datetime'2021-04-06T21:03:32Z'"`: -1,
	} {
		got, err := parseETag(text)
		if err != nil {
			got = -1
		}
		if got != want {
			t.Errorf("%q is %d, %v; want %d", text, got, err, want)
		}
	}
}
