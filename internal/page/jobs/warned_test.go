package jobs

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lazuli-dev/lazuli/internal/portal"
	"github.com/lazuli-dev/lazuli/internal/stream"
)

// TestWarningsComeAndGo: what happens to events is told with the way to mend it,
// for as long as it goes on, also over a new run, whose counters begin at 0.
func TestWarningsComeAndGo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		now := Warned{Began: time.Now()}
		job := Job{Name: "solar", Policy: stream.DefaultTimePolicy(), Warned: func() Warned { return now }}
		page := Pages(Fixed(job))[0]
		told := func(kinds ...string) (detail string) {
			t.Helper()
			var got []string
			page.Troubles(func(x portal.Trouble) {
				got, detail = append(got, x.Kind), x.Detail
				if x.Subject != "solar" || x.State != "warn" || x.To != "/jobs/solar/overview" || x.Count == 0 {
					t.Errorf("%+v", x)
				}
			})
			if !slices.Equal(got, kinds) {
				t.Errorf("told of %v, want %v", got, kinds)
			}
			return detail
		}
		told()
		now.Late = 3
		if d := told("job-late"); !strings.Contains(d, "3 events came more than 5s after") || !strings.Contains(d, "raise 'late'") {
			t.Error(d)
		}
		time.Sleep(warnedFor - time.Second)
		now.Late = 4
		told("job-late")
		time.Sleep(warnedFor - time.Second)
		if d := told("job-late"); !strings.Contains(d, "4 events") {
			t.Error(d)
		}
		time.Sleep(time.Second)
		told()

		now.Early, now.Left, now.Why = 1, 2, "InvalidData: no JSON"
		if d := told("job-early", "job-dropped"); !strings.Contains(d, "no JSON") {
			t.Error(d)
		}
		now = Warned{Began: time.Now(), Left: 1}
		if d := told("job-early", "job-dropped"); !strings.Contains(d, "3 events or rows") {
			t.Error(d)
		}
		time.Sleep(warnedFor)
		now.Late = 7
		now.Warnings = []Warning{{Kind: "clockBehind", OffsetHours: -9, Events: 7, At: time.Now().UnixMilli(), Text: "the sender seems to write local time"}}
		told("job-clock") // which is why they are late
		now.Warnings[0] = Warning{Kind: "retention", Events: 7, At: time.Now().UnixMilli(), Text: "raise the retention"}
		told("job-retention", "job-late")
		time.Sleep(warnedFor)
		told()
	})
}
