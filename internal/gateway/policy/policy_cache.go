package policy

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/lazuli-dev/lazuli/internal/gateway/expression"
)

// maxCached bounds a response in the cache.
const maxCached = 2 << 20

// cacheEntry is a response in the cache.
type cacheEntry struct {
	status int
	reason string
	header http.Header
	body   []byte
}

// cacheLookup is cache-lookup.
type cacheLookup struct {
	byDeveloper, private bool
	headers, query       []*value
	downstream           string
}

func compileCacheLookup(r *args) action {
	l := &cacheLookup{byDeveloper: r.flag("vary-by-developer", false), private: r.flag("allow-private-response-caching", false)}
	r.flag("vary-by-developer-groups", false)
	r.flag("must-revalidate", true)
	r.oneOf("caching-type", "prefer-external", "internal", "external")
	l.downstream = r.oneOf("downstream-caching-type", "none", "private", "public")
	l.headers, l.query = r.texts("vary-by-header"), r.texts("vary-by-query-parameter")
	return l
}

func (l *cacheLookup) run(x *Exchange) error {
	if x.World.Cache == nil || x.Request.Method != http.MethodGet || x.Request.Header.Get("Authorization") != "" && !l.private {
		return nil
	}
	key, err := l.key(x)
	if err != nil {
		return err
	}
	x.cacheKey = key
	v, ok := x.World.Cache.Get(key)
	e, is := v.(*cacheEntry)
	if !ok || !is {
		return nil
	}
	x.cached = e
	x.Response = &Response{e.status, e.reason, e.header.Clone(), Fixed(e.body)}
	return errFound
}

func (l *cacheLookup) key(x *Exchange) (string, error) {
	var out strings.Builder
	out.WriteString("response|" + x.About.API.ID + "|" + x.About.Operation.ID + "|" + x.Request.Original.Path)
	if l.byDeveloper && x.About.Subscription != nil {
		out.WriteString("|dev " + x.About.Subscription.ID)
	}
	names, err := textsOf(x, l.headers)
	if err != nil {
		return "", err
	}
	for _, n := range names {
		out.WriteString("|h " + strings.ToLower(n) + "=" + strings.Join(x.Request.Header[http.CanonicalHeaderKey(n)], ","))
	}
	if names, err = textsOf(x, l.query); err != nil {
		return "", err
	}
	query := x.Request.Original.Query()
	keyName := x.About.API.KeyQuery
	if len(names) == 0 { // all of them
		for k := range query {
			if !strings.EqualFold(k, keyName) {
				names = append(names, k)
			}
		}
		slices.Sort(names)
	}
	for _, list := range names {
		for _, n := range strings.Split(list, ";") {
			out.WriteString("|q " + n + "=" + strings.Join(query[n], ","))
		}
	}
	return out.String(), nil
}

// cacheStore is cache-store.
type cacheStore struct {
	duration *value
	always   *value
}

func compileCacheStore(r *args) action {
	return &cacheStore{r.required("duration"), r.value("cache-response")}
}

func (s *cacheStore) run(x *Exchange) error {
	if x.cacheKey == "" || x.cached != nil || x.Response == nil {
		return nil
	}
	store := x.Response.Status == http.StatusOK
	if s.always != nil {
		var err error
		if store, err = s.always.truth(x); err != nil {
			return err
		}
	}
	n, err := s.duration.number(x)
	if err != nil || !store {
		return err
	}
	var data []byte
	if b := x.Response.Body; b != nil {
		if b.length > maxCached {
			return nil
		}
		if data, err = b.Bytes(); err != nil {
			return err
		}
	}
	if len(data) > maxCached {
		return nil
	}
	h := x.Response.Header.Clone()
	h.Del("Set-Cookie")
	x.World.Cache.Put(x.cacheKey, &cacheEntry{x.Response.Status, x.Response.Reason, h, data}, len(data)+512, time.Duration(n)*time.Second)
	return nil
}

// cacheValue is cache-lookup-value, cache-store-value and cache-remove-value.
type cacheValue struct {
	key, variable, fallback, value, duration *value
}

const valuePrefix = "value|"

func (r *args) cacheKey() *value {
	r.oneOf("caching-type", "prefer-external", "internal", "external")
	return r.required("key")
}

func compileCacheLookupValue(r *args) action {
	c := &cacheValue{key: r.cacheKey(), variable: r.required("variable-name"), fallback: r.value("default-value")}
	return actionFunc(c.lookup)
}

func (c *cacheValue) lookup(x *Exchange) error {
	key, err := c.key.text(x)
	if err != nil {
		return err
	}
	name, err := c.variable.text(x)
	if err != nil {
		return err
	}
	if x.World.Cache != nil {
		if v, ok := x.World.Cache.Get(valuePrefix + key); ok {
			x.Variables.Set(name, v)
			return nil
		}
	}
	if c.fallback == nil {
		return nil
	}
	v, err := c.fallback.any(x)
	if err == nil {
		x.Variables.Set(name, v)
	}
	return err
}

func compileCacheStoreValue(r *args) action {
	c := &cacheValue{key: r.cacheKey(), value: r.required("value"), duration: r.required("duration")}
	return actionFunc(c.store)
}

func (c *cacheValue) store(x *Exchange) error {
	key, err := c.key.text(x)
	if err != nil {
		return err
	}
	v, err := c.value.any(x)
	if err != nil {
		return err
	}
	n, err := c.duration.number(x)
	if err != nil {
		return err
	}
	kept, size, err := keepable(v)
	if err != nil {
		return err
	}
	if x.World.Cache != nil {
		x.World.Cache.Put(valuePrefix+key, kept, size, time.Duration(n)*time.Second)
	}
	return nil
}

// keepable is a value as it can be kept: what could be changed later is copied.
func keepable(v any) (kept any, size int, err error) {
	switch t := v.(type) {
	case *expression.Token:
		text := t.JSON(false)
		if len(text) > maxCached {
			break
		}
		copied, err := expression.ParseJSON([]byte(text))
		return copied, len(text), err
	case string:
		if len(t) <= maxCached {
			return t, len(t) + 64, nil
		}
	case []byte:
		if len(t) <= maxCached {
			return slices.Clone(t), len(t) + 64, nil
		}
	case nil, bool, int32, int64, float64, expression.Char, expression.Time, expression.Span, expression.GUID, expression.Enum:
		return v, 64, nil
	default:
		return nil, 0, broken("cache-store-value", "InvalidValue", "a value of this type cannot be kept: text, numbers, times, bytes and JSON can")
	}
	return nil, 0, broken("cache-store-value", "InvalidValue", "the value is larger than 2 MiB")
}

func compileCacheRemoveValue(r *args) action {
	c := &cacheValue{key: r.cacheKey()}
	return actionFunc(func(x *Exchange) error {
		key, err := c.key.text(x)
		if err == nil && x.World.Cache != nil {
			x.World.Cache.Remove(valuePrefix + key)
		}
		return err
	})
}
