package storage

import (
	"crypto/sha256"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// clockSkew is how far the date of a signed request may be from the server's clock,
// either way.
const clockSkew = 15 * time.Minute

// variant is a set of the ways in which SDKs sign otherwise than the documents say.
// All are tried, because all are in use and none is weaker than another: what is
// signed says the same.
type variant uint8

const (
	cultural    variant = 1 << iota // headers ordered as .NET's culture does (.NET, Java, Go, JavaScript, Python)
	swapped                         // Content-Language before Content-Encoding (JavaScript)
	rangeless                       // Range is not signed (Python)
	primaryPath                     // the path without -secondary
	plusIsPlus                      // + in a query means itself
	oddless                         // parameters without exactly one = are not signed (JavaScript)
	zeroLength                      // Content-Length: 0 is signed (before 2015-02-21)
)

// canon is scratch memory to build what is signed.
type canon struct {
	names  []byte // lower-cased names of headers, one after the other
	heads  []head // in ordinal order
	other  []head // in the order of .NET's culture
	params []param
	out    []byte
}

// head is one x-ms- header.
type head struct {
	name   []byte
	values []string
}

type canonPool struct{ pool sync.Pool }

func (p *canonPool) get() *canon {
	if c, ok := p.pool.Get().(*canon); ok {
		return c
	}
	return &canon{}
}

// keepCanon is the largest scratch worth keeping.
const keepCanon = 64 << 10

func (p *canonPool) put(c *canon) {
	if cap(c.out) <= keepCanon && cap(c.names) <= keepCanon {
		clear(c.heads)
		clear(c.other)
		clear(c.params)
		p.pool.Put(c)
	}
}

// checkSharedKey verifies a signature of the scheme SharedKey or SharedKeyLite.
func (e *Endpoint) checkSharedKey(keys *keySet, r *Request, lite bool, credential string) error {
	account, text, ok := strings.Cut(credential, ":")
	if !ok {
		return Fail("InvalidAuthenticationInfo")
	}
	if keys.of.Disabled {
		return Fail("KeyBasedAuthenticationNotPermitted")
	}
	if !strings.EqualFold(account, e.account) {
		return Fail("AuthenticationFailed").With("AuthenticationErrorDetail", "The key is of the account "+clip(account, 64)+", the address of the account "+e.account+".")
	}
	if err := e.checkDate(r); err != nil {
		return err
	}
	var space [sha256.Size + 1]byte
	given := decodeSignature(&space, text)
	c := e.canons.get()
	defer e.canons.put(c)
	if e.service != Table { // which has none of these signed
		c.collect(r)
	}
	if given != nil {
		usual := variant(e.usual.Load())
		for v := range subsetsFrom(usual, c.variants(r, e.service, lite)) {
			if keys.anySigned(c.text(r, e.service, account, lite, v), given) {
				if v != usual {
					e.usual.Store(uint32(v))
				}
				return nil
			}
		}
	}
	return Fail("AuthenticationFailed").With("AuthenticationErrorDetail", "The MAC signature found in the HTTP request '"+clip(text, 100)+
		"' is not the same as any computed signature. Server used following string to sign: '"+string(c.text(r, e.service, account, lite, 0))+"'.")
}

// subsetsFrom yields all subsets of a set: first what it has of the usual one, because
// the clients of an account mostly are of one kind.
func subsetsFrom(usual, all variant) func(func(variant) bool) {
	usual &= all
	return func(yield func(variant) bool) {
		for v := usual; ; {
			if !yield(v) {
				return
			}
			if v = (v - all) & all; v == usual {
				return
			}
		}
	}
}

// checkDate refuses a request whose date is missing, unreadable or too far off.
func (e *Endpoint) checkDate(r *Request) error {
	stamp := r.Header("X-Ms-Date")
	if stamp == "" {
		stamp = r.Header("Date")
	}
	t, err := e.dates.parse(stamp)
	if err != nil {
		return Fail("AuthenticationFailed").With("AuthenticationErrorDetail", "The Date header in the request is incorrect.")
	}
	if d := e.now().Sub(t); d > clockSkew || d < -clockSkew {
		return Fail("AuthenticationFailed").With("AuthenticationErrorDetail", "Request date header too old: '"+clip(stamp, 60)+"'.")
	}
	return nil
}

// dateCache keeps the last date: a busy client sends one for a second long.
type dateCache struct {
	mu   sync.Mutex // guards text, time
	text string
	time time.Time
}

func (c *dateCache) parse(text string) (time.Time, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if text == c.text && text != "" {
		return c.time, nil
	}
	t, err := http.ParseTime(text)
	if err == nil {
		c.text, c.time = strings.Clone(text), t
	}
	return t, err
}

// collect gathers the headers and parameters that are signed, both in ordinal order.
func (c *canon) collect(r *Request) {
	c.names, c.heads, c.params = c.names[:0], c.heads[:0], c.params[:0]
	size := 0
	for key := range r.HTTP.Header {
		size += len(key)
	}
	c.names = slices.Grow(c.names, size) // so that no name moves
	for key, values := range r.HTTP.Header {
		if len(key) < 5 || !strings.EqualFold(key[:5], "x-ms-") {
			continue
		}
		from := len(c.names)
		for i := range len(key) {
			b := key[i]
			if 'A' <= b && b <= 'Z' {
				b += 'a' - 'A'
			}
			c.names = append(c.names, b)
		}
		c.heads = append(c.heads, head{c.names[from:], values})
	}
	slices.SortFunc(c.heads, func(a, b head) int { return slices.Compare(a.name, b.name) })
	c.params = append(c.params, r.Query.params...)
	slices.SortStableFunc(c.params, func(a, b param) int { return strings.Compare(a.name, b.name) })
}

// variants are those that would change what is signed of the request.
func (c *canon) variants(r *Request, s Service, lite bool) (v variant) {
	if r.Secondary {
		v |= primaryPath
	}
	if s == Table {
		return v
	}
	if !slices.IsSortedFunc(c.heads, func(a, b head) int { return compareCultural(a.name, b.name) }) {
		v |= cultural
	}
	if lite {
		return v
	}
	if r.Header("Content-Encoding") != r.Header("Content-Language") {
		v |= swapped
	}
	if r.HasHeader("Range") {
		v |= rangeless
	}
	for i := range c.params {
		if strings.IndexByte(c.params[i].raw, '+') >= 0 {
			v |= plusIsPlus
		}
		if c.params[i].odd {
			v |= oddless
		}
	}
	if r.HTTP.ContentLength == 0 && r.Version < "2015-02-21" {
		v |= zeroLength
	}
	return v
}

// text builds the string to sign. It is valid until the next call.
func (c *canon) text(r *Request, s Service, account string, lite bool, v variant) []byte {
	b := c.out[:0]
	xdate := r.Header("X-Ms-Date")
	date := r.Header("Date")
	switch {
	case s == Table && xdate != "":
		date = xdate
	case xdate != "":
		date = ""
	}
	if s != Table || !lite {
		b = append(append(b, r.Method()...), '\n')
	}
	if s != Table && !lite {
		b = appendContentSlots(b, r, v)
	}
	if s != Table || !lite {
		b = append(append(b, r.Header("Content-Md5")...), '\n')
		b = append(append(b, r.Header("Content-Type")...), '\n')
	}
	b = append(append(b, date...), '\n')
	if s != Table {
		if !lite {
			b = appendConditionSlots(b, r, v)
		}
		b = c.appendHeaders(b, v)
	}
	b = appendResource(b, r, account, v)
	if s == Table || lite {
		if comp, ok := r.Query.Lookup("comp"); ok {
			b = append(append(b, "?comp="...), comp...)
		}
	} else {
		b = c.appendParams(b, v)
	}
	c.out = b
	return b
}

// appendContentSlots: Content-Encoding, Content-Language, Content-Length.
func appendContentSlots(b []byte, r *Request, v variant) []byte {
	one, two := r.Header("Content-Encoding"), r.Header("Content-Language")
	if v&swapped != 0 {
		one, two = two, one
	}
	b = append(append(b, one...), '\n')
	b = append(append(b, two...), '\n')
	if n := r.HTTP.ContentLength; n > 0 || n == 0 && v&zeroLength != 0 {
		b = strconv.AppendInt(b, n, 10)
	}
	return append(b, '\n')
}

// appendConditionSlots: the four conditions, Range.
func appendConditionSlots(b []byte, r *Request, v variant) []byte {
	for _, key := range [...]string{"If-Modified-Since", "If-Match", "If-None-Match", "If-Unmodified-Since"} {
		b = append(append(b, r.Header(key)...), '\n')
	}
	if v&rangeless == 0 {
		b = append(b, r.Header("Range")...)
	}
	return append(b, '\n')
}

// appendHeaders: name:value LF of each x-ms- header.
func (c *canon) appendHeaders(b []byte, v variant) []byte {
	heads := c.heads
	if v&cultural != 0 {
		c.other = append(c.other[:0], heads...)
		slices.SortStableFunc(c.other, func(a, b head) int { return compareCultural(a.name, b.name) })
		heads = c.other
	}
	for _, h := range heads {
		b = append(append(b, h.name...), ':')
		for i, value := range h.values {
			if i > 0 {
				b = append(b, ',')
			}
			b = append(b, strings.TrimSpace(value)...)
		}
		b = append(b, '\n')
	}
	return b
}

// appendResource: /account/path, the path encoded as on the wire.
func appendResource(b []byte, r *Request, account string, v variant) []byte {
	b = append(append(b, '/'), account...)
	path := r.signed
	if v&primaryPath != 0 && !r.HostStyle {
		segment, rest, more := strings.Cut(path[1:], "/")
		b = append(append(b, '/'), segment[:len(segment)-len(secondarySuffix)]...)
		if more {
			b = append(append(b, '/'), rest...)
		}
		return b
	}
	return append(b, path...)
}

// appendParams: LF name:value of each parameter; values of one name sorted and joined
// by commas.
func (c *canon) appendParams(b []byte, v variant) []byte {
	values := make([]string, 0, 4)
	for i := 0; i < len(c.params); {
		name := c.params[i].name
		values = values[:0]
		for ; i < len(c.params) && c.params[i].name == name; i++ {
			p := &c.params[i]
			if p.odd && v&oddless != 0 {
				continue
			}
			value := p.value
			if v&plusIsPlus != 0 {
				value, _ = unescape(p.raw, false)
			}
			values = append(values, value)
		}
		if len(values) == 0 {
			continue
		}
		slices.Sort(values)
		b = append(append(append(b, '\n'), name...), ':')
		for j, value := range values {
			if j > 0 {
				b = append(b, ',')
			}
			b = append(b, value...)
		}
	}
	return b
}
