package main

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// startup measures from the start of the process until everything answers,
// five times each, and the memory of an idle process.
func startup(ctx context.Context, l *lab) error {
	var rows [][]string
	for _, withApp := range []bool{false, true} {
		var took []time.Duration
		var idle float64
		for range 5 {
			s, err := l.start(ctx, withApp)
			if err != nil {
				return err
			}
			took = append(took, s.ready)
			time.Sleep(300 * time.Millisecond)
			idle, _ = s.memory()
			s.stop()
		}
		slices.Sort(took)
		name := "all services"
		if withApp {
			name = "with a prebuilt function app"
		}
		rows = append(rows, []string{name, ms(took[0]), ms(took[2]), ms(took[4]), fmt.Sprintf("%.0f MiB", idle)})
	}
	table([]string{"", "best", "median", "worst", "idle memory"}, rows)
	return nil
}
