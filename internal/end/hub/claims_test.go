package hub

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lazuli-dev/lazuli/internal/host/state"
	"github.com/lazuli-dev/lazuli/internal/testkit"
)

// behind is a store whose clock was set back: whatever was written is of this moment.
type behind struct{ mark state.Mark }

func (b *behind) Marks(context.Context, string, string) ([]state.Mark, error) {
	return []state.Mark{b.mark}, nil
}

func (b *behind) Mark(context.Context, string, string) (state.Mark, error) { return b.mark, nil }

func (b *behind) SetMark(context.Context, string, string, map[string]string, string) (string, error) {
	return b.mark.ETag, nil
}

// TestClaimsOverAClockSetBack: a claim that looks young for ever ends once nobody has
// written it for as long as it says that it lasts, and one that is written lives on.
func TestClaimsOverAClockSetBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &behind{mark: state.Mark{Name: "p/0", ETag: "1", Metadata: map[string]string{ownerKey: "other", secondsKey: "9"}}}
		o := &ownership{
			marks: store, prefix: "p/", owner: "me", lasts: 9 * time.Second, others: time.Minute,
			log: testkit.Discard(), held: map[string]claim{}, seen: map[string]claim{},
		}
		look := func() []string {
			t.Helper()
			known, err := o.read(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			return share([]string{"0"}, known, o.owner, o.live)
		}
		if got := look(); len(got) != 0 {
			t.Errorf("at first: claims %v", got)
		}
		time.Sleep(8 * time.Second)
		store.mark.ETag = "2" // its owner lives
		if got := look(); len(got) != 0 {
			t.Errorf("of one that lives: claims %v", got)
		}
		time.Sleep(8 * time.Second)
		if got := look(); len(got) != 0 {
			t.Errorf("before it ends: claims %v", got)
		}
		time.Sleep(time.Second)
		if got := look(); !slices.Equal(got, []string{"0"}) {
			t.Errorf("of one that is dead: claims %v", got)
		}
	})
}
