package hub_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lazuli-dev/lazuli/internal/end/endtest"
	"github.com/lazuli-dev/lazuli/internal/end/hub"
	"github.com/lazuli-dev/lazuli/internal/host/hostjson"
	"github.com/lazuli-dev/lazuli/internal/host/letter"
	"github.com/lazuli-dev/lazuli/internal/host/settings"
)

// setup is a hub "dead" as a place for letters.
func setup(t *testing.T) letter.Setup {
	t.Helper()
	config, err := hostjson.Default(nil)
	if err != nil {
		t.Fatal(err)
	}
	return letter.Setup{
		Place: letter.Place{Kind: "hub", Name: "dead", Connection: "Hub"}, Function: "f", Config: config,
		Settings: settings.New(map[string]string{"Hub": "Endpoint=sb://localhost;SharedAccessKeyName=k;SharedAccessKey=v;UseDevelopmentEmulator=true"}),
	}
}

// TestLetters: a hub keeps letters, and which of them are gone.
func TestLetters(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := endtest.New(2)
		kind, err := m.Letters().Find("hub")
		if err != nil {
			t.Fatal(err)
		}
		sink, err := m.Hubs().Sink(t.Context(), settings.Connection{}, "dead")
		if err == nil {
			err = sink.Send(t.Context(), []hub.Outgoing{{Body: []byte("somebody else's")}, {Body: []byte(`{"deadLetter":1}`)}})
		}
		if err != nil {
			t.Fatal(err)
		}
		endtest.LettersContract(t, func(t *testing.T) letter.Store {
			s, err := kind.Open(t.Context(), setup(t))
			if err != nil {
				t.Fatal(err)
			}
			return s
		})
	})
}

// TestLettersOfNewHub: what is known to be gone of a hub says nothing of a hub that was
// made anew under its name.
func TestLettersOfNewHub(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := endtest.New(1)
		kind, err := m.Letters().Find("hub")
		if err != nil {
			t.Fatal(err)
		}
		for round, gone := range []bool{true, false} {
			time.Sleep(time.Hour)
			s, err := kind.Open(t.Context(), setup(t))
			if err != nil {
				t.Fatal(err)
			}
			if err := s.Put(t.Context(), []*letter.Letter{{ID: "a", Function: "f"}, {ID: "b", Function: "f"}}); err != nil {
				t.Fatal(err)
			}
			seen := 0
			if err := s.Walk(t.Context(), func(context.Context, *letter.Letter) (letter.Verdict, error) {
				seen++
				return letter.Verdict{Gone: gone}, nil
			}); err != nil || seen != 2 {
				t.Errorf("round %d: %d letters, %v", round, seen, err)
			}
			m.Renew("dead")
		}
	})
}
