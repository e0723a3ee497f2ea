package simulate

import (
	"fmt"
	"strings"
	"time"

	"github.com/lazuli-dev/lazuli/internal/host/scale"
)

// Builtin returns a profile that is always there: an app with an HTTP function, one
// that reads an event hub and one that reads a queue.
func Builtin(name string) (Profile, error) {
	make, ok := map[string]func() Profile{"burst": burst, "daily": daily, "steady": steady}[name]
	if !ok {
		return Profile{}, fmt.Errorf("there is no profile %q; there are %s, and any file with the ending .csv", name, strings.Join(BuiltinNames(), ", "))
	}
	return make(), nil
}

// BuiltinNames are the names that Builtin knows.
func BuiltinNames() []string { return []string{"burst", "daily", "steady"} }

// rates are what the three functions get in a step.
type rates struct {
	from                time.Duration
	api, ingest, orders int64
}

func builtin(name string, length time.Duration, all []rates) Profile {
	loads := []Load{{Function: "api", Kind: scale.HTTP}, {Function: "ingest", Kind: scale.EventHubs}, {Function: "orders", Kind: scale.Queue}}
	for _, r := range all {
		for i, n := range []int64{r.api, r.ingest, r.orders} {
			loads[i].Steps = append(loads[i].Steps, Step{r.from, PerSecond(n)})
		}
	}
	return Profile{name, length, loads}
}

// steady is an hour of the same.
func steady() Profile {
	return builtin("steady", time.Hour, []rates{{0, 50, 500, 20}})
}

// burst is half an hour in which ten quiet minutes are followed by five of fifty times
// as much, and then quiet again.
func burst() Profile {
	return builtin("burst", 30*time.Minute, []rates{
		{0, 20, 400, 10}, {10 * time.Minute, 1000, 20_000, 500}, {15 * time.Minute, 20, 400, 10},
	})
}

// daily is a day of a business: a quiet night, two peaks, an evening.
func daily() Profile {
	percent := [24]int64{4, 2, 1, 1, 1, 2, 8, 25, 60, 85, 100, 95, 70, 75, 95, 100, 90, 70, 55, 45, 35, 25, 15, 8}
	var all []rates
	for hour := range percent {
		next := percent[(hour+1)%24]
		for quarter := range 4 { // in a straight line to the next hour
			p := percent[hour] + (next-percent[hour])*int64(quarter)/4
			all = append(all, rates{
				time.Duration(hour)*time.Hour + time.Duration(quarter)*15*time.Minute, 3 * p, 60 * p, p,
			})
		}
	}
	return builtin("daily", 24*time.Hour, all)
}
