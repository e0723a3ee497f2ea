package arm

import (
	"regexp"
	"strconv"
	"time"

	"github.com/lazuli-dev/lazuli/internal/fault"
)

// durations are those of ISO 8601 without years and months, whose length is not one.
var durations = regexp.MustCompile(`^P(?:(\d{1,5})D)?(?:T(?:(\d{1,6})H)?(?:(\d{1,6})M)?(?:(\d{1,9}(?:\.\d{1,7})?)S)?)?$`)

// Duration reads PT1M, P1DT12H and the like.
func Duration(text string) (time.Duration, error) {
	m := durations.FindStringSubmatch(text)
	if m == nil || m[1]+m[2]+m[3]+m[4] == "" {
		return 0, fault.New(fault.Invalid, "duration "+text, "it is no ISO 8601 duration of days, hours, minutes and seconds, such as PT1M")
	}
	var total time.Duration
	for n, unit := range []time.Duration{24 * time.Hour, time.Hour, time.Minute, time.Second} {
		if m[n+1] == "" {
			continue
		}
		v, err := strconv.ParseFloat(m[n+1], 64)
		if err != nil {
			return 0, err
		}
		total += time.Duration(v * float64(unit))
	}
	return total, nil
}
