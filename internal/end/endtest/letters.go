package endtest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	hubs "github.com/lazuli-dev/lazuli/internal/end/hub"
	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/host/letter"
)

// Letters are the kinds of places for dead letters, over the memory: hubs, and
// containers that are of it. The calls "hub" and "container" of Fail fail to open one.
func (m *Memory) Letters() letter.Table {
	hub := hubs.End{Hubs: m.Hubs(), State: m.State}.Letters()
	return letter.Table{hub, {
		Name: "container", Check: func(letter.Setup) error { return nil },
		Open: func(_ context.Context, s letter.Setup) (letter.Store, error) {
			m.mu.Lock()
			defer m.mu.Unlock()
			if err := m.failing("container"); err != nil {
				return nil, err
			}
			return &memoryLetters{m, s.Name + "/" + s.Function}, nil
		},
	}}
}

// Kept are the letters of a function in a container of the memory.
func (m *Memory) Kept(container, function string) []*letter.Letter {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.letters[container+"/"+function])
}

// memoryLetters is a place for the letters of one function.
type memoryLetters struct {
	m  *Memory
	at string
}

func (s *memoryLetters) Most() int { return 0 }

func (s *memoryLetters) all() []*letter.Letter {
	s.m.mu.Lock()
	defer s.m.mu.Unlock()
	return slices.Clone(s.m.letters[s.at])
}

func (s *memoryLetters) set(change func([]*letter.Letter) []*letter.Letter) {
	s.m.mu.Lock()
	defer s.m.mu.Unlock()
	s.m.letters[s.at] = change(slices.Clone(s.m.letters[s.at]))
}

func (s *memoryLetters) Count(context.Context) (int, error) { return len(s.all()), nil }

func (s *memoryLetters) Put(_ context.Context, letters []*letter.Letter) error {
	s.set(func(all []*letter.Letter) []*letter.Letter {
		for _, l := range letters {
			kept := *l
			kept.Item.Body = slices.Clone(l.Item.Body)
			all = append(all, &kept)
		}
		return all
	})
	return nil
}

func (s *memoryLetters) Walk(ctx context.Context, see func(context.Context, *letter.Letter) (letter.Verdict, error)) error {
	for _, l := range s.all() {
		if err := ctx.Err(); err != nil {
			return err
		}
		v, err := see(ctx, l)
		if err != nil {
			return err
		}
		if !v.Gone {
			continue
		}
		s.set(func(all []*letter.Letter) []*letter.Letter {
			at := slices.Index(all, l)
			if v.Instead != nil {
				all[at] = v.Instead
				return all
			}
			return slices.Delete(all, at, at+1)
		})
		if err := v.Ended(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (s *memoryLetters) Read(_ context.Context, blob string) (*letter.Letter, error) {
	for _, l := range s.all() {
		if letter.BlobName(l) == blob {
			kept := *l
			return &kept, nil
		}
	}
	return nil, fault.New(fault.NotFound, "blob "+blob, "no such letter")
}

func (s *memoryLetters) Delete(_ context.Context, blob string) error {
	s.set(func(all []*letter.Letter) []*letter.Letter {
		return slices.DeleteFunc(all, func(l *letter.Letter) bool { return letter.BlobName(l) == blob })
	})
	return nil
}

// LettersContract checks that a place does what letter.Store promises. open opens the same
// place at each call.
func LettersContract(t *testing.T, open func(t *testing.T) letter.Store) {
	begun := time.Now()
	made := func(n int) *letter.Letter {
		return &letter.Letter{
			ID: "id-" + strconv.Itoa(n), Function: "f", Trigger: "eventHubTrigger", Time: begun.Add(time.Duration(n) * time.Millisecond).UTC(),
			Attempts: 1, Error: letter.Failure{Message: "no"},
			Item: letter.Item{Body: []byte{byte(n), 0xff}, Partition: "0", SequenceNumber: int64(n)},
		}
	}
	s := open(t)
	const count = 6
	for n := range count / 2 {
		if err := s.Put(t.Context(), []*letter.Letter{made(2 * n), made(2*n + 1)}); err != nil {
			t.Fatal(err)
		}
	}
	ids := func(see func(*letter.Letter) (letter.Verdict, error)) (string, error) {
		var seen []string
		err := open(t).Walk(t.Context(), func(_ context.Context, l *letter.Letter) (letter.Verdict, error) {
			if l.Raw || len(l.Item.Body) != 2 || l.Item.Body[1] != 0xff {
				return letter.Verdict{}, fmt.Errorf("it came back as %+v", l)
			}
			seen = append(seen, l.ID[3:]+":"+strconv.Itoa(l.Redrives))
			return see(l)
		})
		slices.Sort(seen)
		return strings.Join(seen, " "), err
	}
	stays := func(*letter.Letter) (letter.Verdict, error) { return letter.Verdict{}, nil }
	look := func(want string) {
		t.Helper()
		if got, err := ids(stays); got != want || err != nil {
			t.Errorf("there is %q (%v), want %q", got, err, want)
		}
	}
	look("0:0 1:0 2:0 3:0 4:0 5:0")
	ended := 0
	if _, err := ids(func(l *letter.Letter) (letter.Verdict, error) {
		switch {
		case l.ID == "id-1" || l.ID == "id-2":
			return letter.Verdict{Gone: true, Then: func(context.Context) error { ended++; return nil }}, nil
		case l.ID == "id-4" && l.Redrives == 0:
			back := *l
			back.Redrives = 1
			return letter.Verdict{Gone: true, Instead: &back}, nil
		}
		return letter.Verdict{}, nil
	}); err != nil || ended != 2 {
		t.Errorf("%v; %d were told to be gone", err, ended)
	}
	look("0:0 3:0 4:1 5:0")
	stop := errors.New("stop")
	if seen, err := ids(func(*letter.Letter) (letter.Verdict, error) { return letter.Verdict{Gone: true}, stop }); !errors.Is(err, stop) || strings.Contains(seen, " ") {
		t.Errorf("a walk that is told to end saw %q, %v", seen, err)
	}
	look("0:0 3:0 4:1 5:0")
	ctx, cancel := context.WithCancel(t.Context())
	err := open(t).Walk(ctx, func(_ context.Context, l *letter.Letter) (letter.Verdict, error) {
		cancel() // while one is looked at: what becomes of it is durable all the same
		return letter.Verdict{Gone: l.ID != ""}, nil
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("a walk whose context ended: %v", err)
	}
	if got, err := ids(stays); len(strings.Fields(got)) != 3 || err != nil {
		t.Errorf("after a walk that was broken off there is %q, %v", got, err)
	}
}
