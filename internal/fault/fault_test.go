package fault

import (
	"errors"
	"fmt"
	"io"
	"testing"
)

func TestKindSurvivesWrapping(t *testing.T) {
	inner := New(NotFound, "hub a", "no such hub")
	wrapped := fmt.Errorf("open reader: %w", inner)
	if got := KindOf(wrapped); got != NotFound {
		t.Errorf("KindOf = %v, want %v", got, NotFound)
	}
	if !Is(wrapped, NotFound) || Is(wrapped, Conflict) {
		t.Error("Is does not see the wrapped kind")
	}
	if got, want := wrapped.Error(), "open reader: hub a: no such hub"; got != want {
		t.Errorf("text %q, want %q", got, want)
	}
}

func TestUnclassifiedIsInternal(t *testing.T) {
	if got := KindOf(io.EOF); got != Internal {
		t.Errorf("KindOf(io.EOF) = %v", got)
	}
	if Is(io.EOF, Internal) {
		t.Error("a foreign error must not claim a kind")
	}
}

func TestWrapKeepsCause(t *testing.T) {
	err := Wrap(Unavailable, "disk", io.ErrShortWrite, "write segment")
	if !errors.Is(err, io.ErrShortWrite) {
		t.Error("cause lost")
	}
	if Wrap(Unavailable, "disk", nil, "x") != nil {
		t.Error("wrapping nil must give nil")
	}
}

func TestEveryKindHasAName(t *testing.T) {
	seen := map[string]bool{}
	for _, k := range Kinds() {
		if k.String() == "" || seen[k.String()] {
			t.Errorf("kind %d has no name of its own: %q", k, k)
		}
		seen[k.String()] = true
	}
}

func TestRefusal(t *testing.T) {
	codes := Codes{"NoSuchThing": NotFound, "Broken": Internal}
	err := fmt.Errorf("read: %w", codes.New("NoSuchThing", "thing a", "there is %s", "none"))
	if CodeOf(err) != "NoSuchThing" || !Is(err, NotFound) || err.Error() != "read: thing a: there is none" {
		t.Errorf("%q of code %s", err, CodeOf(err))
	}
	if err := codes.Wrap("Broken", "thing a", io.ErrUnexpectedEOF, "it cannot be read"); !errors.Is(err, io.ErrUnexpectedEOF) || KindOf(err) != Internal {
		t.Error(err)
	}
	if CodeOf(New(NotFound, "a", "b")) != "" || CodeOf(nil) != "" || RefusalOf(io.EOF) != nil {
		t.Error("an error without a code has one")
	}
	if all := codes.All(); len(all) != 2 || all[0] != "Broken" {
		t.Errorf("all codes: %v", all)
	}
}
