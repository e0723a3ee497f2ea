package arm

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	engine "github.com/lazuli-dev/lazuli/internal/arm"
)

// pageSize is how many a page of a list has, unless $top asks for fewer.
const pageSize = 1000

// page answers with a page of a list. Its link to the next says after which id that
// begins, so that nothing is told twice when others come and go.
func (e *exchange) page(all []engine.Body) error {
	size := pageSize
	if top := e.query.Get("$top"); top != "" {
		n, err := strconv.Atoi(top)
		if err != nil || n < 1 {
			return engine.Fail(http.StatusBadRequest, "InvalidTopInQueryString", "The $top value '%s' is no positive number.", top)
		}
		size = min(n, pageSize)
	}
	if token := e.query.Get("$skiptoken"); token != "" {
		after, err := base64.RawURLEncoding.DecodeString(token)
		if err != nil {
			return engine.Fail(http.StatusBadRequest, "InvalidSkipToken", "The $skipToken '%s' is not one of this service.", token)
		}
		all = slices.DeleteFunc(slices.Clone(all), func(b engine.Body) bool { return orderOf(b) <= string(after) })
	}
	out := map[string]any{"value": all}
	if all == nil {
		out["value"] = []any{}
	}
	if len(all) > size {
		slices.SortStableFunc(all, func(a, b engine.Body) int { return strings.Compare(orderOf(a), orderOf(b)) })
		all = all[:size]
		q := url.Values{}
		for name, v := range e.r.URL.Query() {
			if !strings.EqualFold(name, "$skiptoken") {
				q[name] = v
			}
		}
		q.Set("$skipToken", base64.RawURLEncoding.EncodeToString([]byte(orderOf(all[size-1]))))
		out["value"], out["nextLink"] = all, e.base+e.r.URL.EscapedPath()+"?"+q.Encode()
	}
	return e.write(http.StatusOK, out)
}

func orderOf(b engine.Body) string { return strings.ToLower(b.Text("id")) }
