package main

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
)

type inner struct {
	Kind string `json:"kind"`
}

type outer struct {
	inner
	At    time.Time        `json:"at"`
	Raw   json.RawMessage  `json:"raw,omitempty"`
	N     *float64         `json:"n"`
	Left  *int             `json:"left,omitempty"`
	Trend []*float64       `json:"trend"`
	By    map[string]inner `json:"by"`
	Skip  string           `json:"-"`
}

func TestWrite(t *testing.T) {
	got, err := write([]shape{of[inner]("Inner"), of[outer]("Outer")}, map[string]string{"Inner.kind": "'a' | 'b'"})
	if err != nil {
		t.Fatal(err)
	}
	want := `
export interface Inner {
  kind: 'a' | 'b'
}

export interface Outer {
  kind: 'a' | 'b'
  at: string
  raw?: unknown
  n: number | null
  left?: number
  trend: (number | null)[]
  by: Record<string, Inner>
}
`
	if _, body, _ := strings.Cut(got, "\n"); body != want {
		t.Errorf("got %s", body)
	}
}

func TestWhatCannotBeWritten(t *testing.T) {
	for want, shapes := range map[string][]shape{
		"has no name in the table": {of[struct {
			X inner `json:"x"`
		}]("A")},
		"has no name in JSON": {of[struct{ X int }]("A")},
	} {
		if _, err := write(shapes, nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
	if _, err := write(nil, map[string]string{"A.b": "c"}); err == nil {
		t.Error("words of a field that is not there are taken")
	}
}
