package cosmossql

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// goldenQueries are the queries of the golden files, as seeds.
func goldenQueries(f *testing.F) (queries []string) {
	files, _ := filepath.Glob("testdata/*.test")
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		for _, chunk := range strings.Split(string(data), "\n\n") {
			head, body, _ := strings.Cut(chunk, "\n")
			if text, _, ok := strings.Cut(body, "----"); ok && !strings.HasPrefix(head, "load") {
				queries = append(queries, strings.TrimSpace(text))
			}
		}
	}
	return queries
}

// FuzzParse demands that no text makes the parser, the binder or the planner
// fail other than with a SyntaxError that points into the text.
func FuzzParse(f *testing.F) {
	for _, q := range goldenQueries(f) {
		f.Add(q)
	}
	f.Fuzz(func(t *testing.T, text string) {
		q, err := Parse(text)
		if err == nil {
			var p *Plan
			if p, err = Compile(q, nil, newFakeSource(nil, Path{"pk"}).info()); err == nil {
				p.Explain()
				return
			}
		}
		var se *SyntaxError
		if !errors.As(err, &se) {
			t.Fatalf("not a SyntaxError: %v", err)
		}
		if se.Start < 0 || se.End < se.Start || se.End > len(text) || se.Line < 1 || se.Col < 1 || se.Code == "" || se.Msg == "" {
			t.Fatalf("a place outside of the text: %+v", se)
		}
	})
}

// FuzzEval runs queries on any document and demands rows of JSON, the same with
// and without indexes.
func FuzzEval(f *testing.F) {
	docs := []string{
		`{"id":"a","pk":"p1","n":1,"s":"apple","b":true,"o":{"x":1,"y":{"z":"deep"}},"arr":[1,2,3],"tags":[{"name":"red","w":2}]}`,
		`{"id":"b", "n" : -1.5e3 , "s":"\u00e9\"\\", "o": [ ], "arr":{"a":null}}`,
		`{"n":10000000000000000000000,"s":[[],{}],"tags":[1,[2],{"name":null}]}`,
	}
	for i, q := range goldenQueries(f) {
		f.Add(q, docs[i%len(docs)])
	}
	f.Fuzz(func(t *testing.T, text, doc string) {
		if len(text) > 2000 || len(doc) > 2000 || !json.Valid([]byte(doc)) || strings.Contains(strings.ToUpper(text), "RAND") {
			return
		}
		q, err := Parse(text)
		if err != nil {
			return
		}
		src := newFakeSource([][]byte{bytes.TrimSpace([]byte(doc)), []byte(docs[0]), []byte(docs[1])}, Path{"pk"})
		ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
		defer cancel()
		run := func(info SourceInfo) ([]string, bool) {
			p, err := Compile(q, nil, info)
			if err != nil {
				return nil, false
			}
			page, err := p.Run(ctx, src, RunOptions{Now: goldenNow})
			if err != nil {
				return nil, false
			}
			rows := make([]string, len(page.Rows))
			for i, r := range page.Rows {
				if rows[i] = string(r); !json.Valid(r) {
					t.Fatalf("%s\non %s\ngives %s", text, doc, r)
				}
			}
			return rows, page.Continuation == ""
		}
		planned, okPlanned := run(src.info())
		plain, okPlain := run(SourceInfo{})
		if okPlanned && okPlain && !sameRows(q.Features(), planned, plain) {
			t.Fatalf("%s\non %s\nplanned %v\nplain %v", text, doc, planned, plain)
		}
	})
}

// FuzzContinuation demands that no continuation makes Run fail other than with
// an error.
func FuzzContinuation(f *testing.F) {
	var plans []*Plan
	src := newFakeSource([][]byte{[]byte(`{"id":"1","a":[1,2,3],"s":"x"}`), []byte(`{"id":"2","a":[1],"s":"y"}`)})
	for _, text := range []string{"SELECT c.id, x FROM c JOIN x IN c.a", "SELECT * FROM c ORDER BY c.s", "SELECT * FROM c ORDER BY c.s, c.id", "SELECT DISTINCT c.s FROM c"} {
		q, err := Parse(text)
		if err != nil {
			f.Fatal(err)
		}
		p, err := Compile(q, nil, src.info())
		if err != nil {
			f.Fatal(err)
		}
		p.hash = [8]byte{}
		plans = append(plans, p)
		page, err := p.Run(context.Background(), src, RunOptions{MaxItems: 1})
		if err != nil {
			f.Fatal(err)
		}
		f.Add(page.Continuation)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, p := range plans {
			page, err := p.Run(context.Background(), src, RunOptions{MaxItems: 2, Continuation: text})
			if err == nil && len(page.Continuation) > 1024 {
				t.Fatalf("a continuation of %d bytes", len(page.Continuation))
			}
		}
	})
}
