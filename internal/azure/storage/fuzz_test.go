package storage

import (
	"bytes"
	"encoding/base64"
	"encoding/xml"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/lazuli-dev/lazuli/internal/azure/wire"
)

func encode(b []byte) string { return base64.StdEncoding.EncodeToString(b) }

// FuzzSharedKey: whatever a request has, the string that is said to have been signed
// verifies when it is signed, and no other signature does.
func FuzzSharedKey(f *testing.F) {
	f.Add("/devstoreaccount1/box/a%20b?comp=list&prefix=a+b&x", "x-ms-meta-a_b", "v", "GET", "bytes=0-1")
	f.Add("/devstoreaccount1-secondary?restype=service", "x-ms-a.b-c", " ,", "PUT", "")
	f.Fuzz(func(t *testing.T, uri, name, value, method, rng string) {
		for _, s := range []Service{Blob, Table} {
			e := newEndpoint(t, s, newAccess())
			h := &http.Request{Method: method, RequestURI: uri, Host: "127.0.0.1", Header: http.Header{}, ContentLength: int64(len(value))}
			h.Header.Set(name, value)
			h.Header.Set("Range", rng)
			h.Header.Set("x-ms-date", time.Now().UTC().Format(http.TimeFormat))
			r, err := e.Begin(httptest.NewRecorder(), h)
			if err != nil {
				return
			}
			for _, lite := range []bool{false, true} {
				var c canon
				c.collect(r)
				text := bytes.Clone(c.text(r, s, testAccount, lite, 0))
				good := encode(wire.NewSigner(decodeKey(DevelopmentKey)).Sign(text))
				if err := e.checkSharedKey(e.currentKeys(), r, lite, testAccount+":"+good); err != nil {
					t.Fatal(err)
				}
				if err := e.checkSharedKey(e.currentKeys(), r, lite, testAccount+":"+flip(good)); err == nil {
					t.Fatal("a wrong signature is taken")
				}
			}
		}
	})
}

// FuzzSAS: no query brings the reader down, and none that nobody signed opens.
func FuzzSAS(f *testing.F) {
	f.Add("sv=2020-10-02&sr=c&sp=r&se=2099-01-01&sig=AAAA", "box", "a/b")
	f.Add("sv=2026-04-06&sr=d&sdd=3&skoid=x&srh=a,b&srq=c&sp=r&se=2099-01-01&sig=AAAA", "box", "a/b")
	f.Add("sv=2020-12-06&ss=b&srt=o&sp=r&se=2099-01-01&sig=AAAA&sip=1.2.3.4-5", "", "")
	f.Fuzz(func(t *testing.T, query, container, blob string) {
		for _, s := range []Service{Blob, Queue, Table} {
			e := newEndpoint(t, s, tokenAccess())
			h := &http.Request{Method: http.MethodGet, RequestURI: "/" + testAccount + "/x?sig=&" + query, Host: "127.0.0.1", Header: http.Header{}}
			r, err := e.Begin(httptest.NewRecorder(), h)
			if err != nil {
				return
			}
			op := Operation{Permission: "rwdlacup", Level: ObjectLevel, Actions: []string{"a"}}
			if _, err := e.Authorize(r, &op, Target{Container: container, Blob: blob}); err == nil {
				t.Fatal("it opens")
			}
		}
	})
}

// FuzzXML: what is read of a body is written so that it reads the same, and texts
// stay what they are.
func FuzzXML(f *testing.F) {
	f.Add([]byte(corsBody), "a<b>&\"'\r\n\x00\ufffe")
	f.Add([]byte(`<SignedIdentifiers><SignedIdentifier><Id>a</Id><AccessPolicy><Start>2020-01-01</Start></AccessPolicy></SignedIdentifier></SignedIdentifiers>`), "")
	f.Fuzz(func(t *testing.T, body []byte, text string) {
		if p, err := ParseProperties(Blob, body); err == nil {
			once := p.XML(Blob)
			again, err := ReadProperties(once)
			if err != nil || !bytes.Equal(again.XML(Blob), once) {
				t.Fatalf("%v: %s becomes %s", err, once, again.XML(Blob))
			}
		}
		if all, err := ParsePolicies(body); err == nil && len(body) > 0 {
			once := PoliciesXML(all)
			again, err := ParsePolicies(once)
			if err != nil || !bytes.Equal(PoliciesXML(again), once) {
				t.Fatalf("%v: %s", err, once)
			}
		}
		var back struct {
			XMLName xml.Name `xml:"a"`
			Text    string   `xml:"b"`
		}
		b := append(AppendElement([]byte("<a>"), "b", text), "</a>"...)
		if err := ParseXML(b, &back); err != nil {
			t.Fatalf("%q: %v", b, err)
		}
		if LegalXML(text) && back.Text != text || !utf8.ValidString(back.Text) {
			t.Fatalf("%q became %q", text, back.Text)
		}
	})
}

func TestParseXML(t *testing.T) {
	var v struct {
		XMLName xml.Name `xml:"QueueMessage"`
		Text    string   `xml:"MessageText"`
	}
	for body, want := range map[string]string{
		"<QueueMessage><MessageText>a</MessageText></QueueMessage>":                         "a",
		"\xef\xbb\xbf<?xml version='1.0' encoding='utf-8'?><QueueMessage></QueueMessage>\n": "",
		"<QueueMessage><MessageText> a\n </MessageText></QueueMessage>":                     " a\n ",
		"<QueueMessage><MessageText><![CDATA[<]]></MessageText></QueueMessage>":             "<",
	} {
		v.Text = ""
		if err := ParseXML([]byte(body), &v); err != nil || v.Text != want {
			t.Errorf("%q: %q %v", body, v.Text, err)
		}
	}
	for _, body := range []string{
		"", " ", "text", "<Other/>", "<QueueMessage>", "<QueueMessage/><QueueMessage/>", "<QueueMessage/>x",
		"<!DOCTYPE a [<!ENTITY b 'c'>]><QueueMessage><MessageText>&b;</MessageText></QueueMessage>",
		"<QueueMessage><MessageText>&#0;</MessageText></QueueMessage>", "<QueueMessage><MessageText>\x01</MessageText></QueueMessage>",
		strings.Repeat("<a>", 100) + strings.Repeat("</a>", 100),
	} {
		if err := ParseXML([]byte(body), &v); codeOf(FromFault(err)) != "InvalidXmlDocument" {
			t.Errorf("%q: %v", body, err)
		}
	}
}

func BenchmarkSharedKey(b *testing.B) {
	e := newEndpoint(b, Blob, newAccess())
	h := blobRequests(b, DevelopmentKey)[1]
	w := httptest.NewRecorder()
	r, err := e.Begin(w, h)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := e.Authorize(r, &anyOperation, Target{}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkSAS(b *testing.B) {
	for _, c := range sdkCases(b, time.Now()) {
		b.Run(strings.ReplaceAll(c.name, " ", "_"), func(b *testing.B) {
			e := newEndpoint(b, c.service, tokenAccess())
			op := Operation{Permission: "r", Level: c.level, Actions: []string{"a"}}
			r, err := e.Begin(httptest.NewRecorder(), c.request(c.query))
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				if _, err := e.Authorize(r, &op, c.target); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkBegin(b *testing.B) {
	e, h := newEndpoint(b, Blob, newAccess()), blobRequests(b, DevelopmentKey)[1]
	b.ReportAllocs()
	for b.Loop() {
		if _, err := e.Begin(httptest.NewRecorder(), h); err != nil {
			b.Fatal(err)
		}
	}
}
