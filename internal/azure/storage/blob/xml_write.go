package blob

import (
	"strconv"
	"time"

	"github.com/lazuli-dev/lazuli/internal/azure/storage"
)

// document is an XML document that is being written: plain appends, because lists
// are long.
type document struct {
	b      []byte
	second int64  // that was written last,
	moment string // and as what
}

// time writes an element of a time. Neighbours in a list are often of one second.
func (d *document) time(name string, t time.Time) {
	if s := t.Unix(); s != d.second || d.moment == "" {
		d.second, d.moment = s, rfc1123(t)
	}
	d.text(name, d.moment)
}

func (d *document) raw(s string) { d.b = append(d.b, s...) }

// text writes an element of text. An empty text is an empty element.
func (d *document) text(name, value string) { d.b = storage.AppendElement(d.b, name, value) }

// some writes an element of text unless it is empty.
func (d *document) some(name, value string) {
	if value != "" {
		d.text(name, value)
	}
}

func (d *document) number(name string, n int64) {
	d.begin(name)
	d.b = strconv.AppendInt(d.b, n, 10)
	d.end(name)
}

func (d *document) begin(name string) {
	d.b = append(d.b, '<')
	d.b = append(d.b, name...)
	d.b = append(d.b, '>')
}

func (d *document) end(name string) {
	d.b = append(d.b, '<', '/')
	d.b = append(d.b, name...)
	d.b = append(d.b, '>')
}

// name writes a <Name>. One with characters that XML cannot carry is
// percent-encoded, and says so.
func (d *document) name(value string) {
	if storage.LegalXML(value) {
		d.text("Name", value)
		return
	}
	d.raw(`<Name Encoded="true">`)
	d.b = appendPercent(d.b, value)
	d.end("Name")
}

// appendPercent appends a text as a path is encoded, slashes kept.
func appendPercent(b []byte, s string) []byte {
	const digits = "0123456789ABCDEF"
	for i := range len(s) {
		c := s[i]
		if 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '-' || c == '_' || c == '.' || c == '~' || c == '/' {
			b = append(b, c)
			continue
		}
		b = append(b, '%', digits[c>>4], digits[c&15])
	}
	return b
}
