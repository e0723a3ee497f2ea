package table

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/lazuli-dev/lazuli/internal/tablestore"
)

// FuzzAddress reads any path without harm; the keys it finds come back from the path
// that is made of them.
func FuzzAddress(f *testing.F) {
	for _, path := range []string{"", "$batch", "Tables", "Tables('abc')", "T()", "T(PartitionKey='a''b',RowKey='c,)=')", "T(RowKey='',PartitionKey='x')", "T(PartitionKey='", "T(((", "tables(TableName='x')"} {
		f.Add(path)
	}
	f.Fuzz(func(t *testing.T, path string) {
		a, err := parseAddress(path)
		if err != nil || a.kind != kindEntity {
			return
		}
		again, err := parseAddress(a.table + unescaped(t, string(appendKeys(nil, a.partition, a.row))))
		if err != nil || again != a {
			t.Fatalf("%q is %+v, and made anew %+v, %v", path, a, again, err)
		}
	})
}

func unescaped(t *testing.T, s string) string {
	t.Helper()
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '%' {
			b.WriteByte(s[i])
			continue
		}
		const hex = "0123456789ABCDEF"
		b.WriteByte(byte(strings.IndexByte(hex, s[i+1])<<4 | strings.IndexByte(hex, s[i+2])))
		i += 2
	}
	return b.String()
}

// FuzzEntity reads any body without harm. What it takes is JSON, and what is written
// of it reads as the same entity again.
func FuzzEntity(f *testing.F) {
	for _, body := range []string{
		`{"PartitionKey":"p","RowKey":"r","A":1,"B":-1.5e3,"C":true,"D":null,"E":"\u0041\ud83d\ude00","F@odata.type":"Edm.Int64","F":"5"}`,
		`{"A@odata.type":"Edm.Guid","A":"c9da6455-213d-42c9-9a79-3e9149a57833","B@odata.type":"Edm.Binary","B":"AP8=","C@odata.type":"Edm.DateTime","C":"2024-01-31T12:00:00.1234567+09:00"}`,
		`{"A@odata.type":"Edm.Double","A":"NaN","B":1e400}`, `{"A":{}}`, `{`, `{"a":1,}`, "\ufeff{}", `{"A":"\ud800"}`, `[]`,
	} {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		e, err := parseEntity(body)
		if err != nil {
			return
		}
		if !json.Valid(bytes.TrimPrefix(body, []byte("\ufeff"))) {
			t.Fatalf("%q is no JSON, and was taken", body)
		}
		w := writer{level: minimalMetadata, table: "T"}
		text := w.single(nil, &e.Entity)
		if !json.Valid(text) || !utf8.Valid(text) {
			t.Fatalf("%q was written as %q", body, text)
		}
		again, err := parseEntity(text)
		if err != nil {
			t.Fatalf("%q was written as %q: %v", body, text, err)
		}
		e.hasPartition, e.hasRow = true, true // they are written
		if diff := cmp.Diff(e, again, cmp.AllowUnexported(readEntity{}, tablestore.Value{}), cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("%q was written as %q:\n%s", body, text, diff)
		}
	})
}

// FuzzMultipart cuts any body without harm, and loses nothing of a part.
func FuzzMultipart(f *testing.F) {
	f.Add([]byte(batchBody("PUT /a/T(PartitionKey='p',RowKey='r') HTTP/1.1\nIf-Match: *\n\n{}")), "batch_b")
	f.Add([]byte("--b\n\n--b\nx\n--b--"), "b")
	f.Add([]byte("--b--"), "b")
	f.Fuzz(func(t *testing.T, body []byte, boundary string) {
		if boundary == "" || strings.ContainsAny(boundary, "\r\n \t") {
			return
		}
		parts, err := splitParts(body, boundary)
		if err != nil {
			return
		}
		for _, p := range parts {
			if !bytes.Contains(body, p) {
				t.Fatalf("part %q is not in %q", p, body)
			}
			if s, err := readSubRequest(p); err == nil && (s.http.Method == "" || s.http.RequestURI == "" || !bytes.HasSuffix(p, s.body)) {
				t.Fatalf("part %q is %+v", p, s)
			}
		}
	})
}
