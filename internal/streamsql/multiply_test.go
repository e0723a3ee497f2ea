package streamsql

import (
	"fmt"
	"strings"
	"testing"
)

// doubling is a chain of steps, each a line and each of the one before, twice.
func doubling(levels int, step string) string {
	var b strings.Builder
	b.WriteString("WITH s0 AS (SELECT * FROM i)")
	for n := range levels {
		fmt.Fprintf(&b, ",\ns%d AS ("+step+")", n+1, n)
	}
	fmt.Fprintf(&b, "\nSELECT * INTO o FROM s%d", levels)
	return b.String()
}

// TestMultipliedRows: what a query makes of one event is counted, and too much is
// refused where it comes to be.
func TestMultipliedRows(t *testing.T) {
	const (
		twice = "SELECT * FROM s%d UNION SELECT * FROM s%[2]d"
		pairs = "SELECT a.* FROM s%d a JOIN s%[2]d b ON DATEDIFF(second, a, b) = 0"
		sum   = "line 15, column 9: one event of each input makes more than 10000 rows in step 's14', because UNION or JOIN reads the same rows again at each step; read them fewer times"
	)
	writes := func(n int) string {
		return doubling(10, twice) + strings.Repeat("\nSELECT * INTO p FROM s10", n-1)
	}
	for name, c := range map[string]struct{ query, err string }{
		"13 levels":            {doubling(13, twice), ""},
		"20 levels":            {doubling(20, twice), sum},
		"25 levels":            {doubling(25, twice), sum},
		"200 levels":           {doubling(200, twice), sum},
		"subqueries":           {doubling(20, "SELECT * FROM (SELECT * FROM s%d UNION SELECT * FROM s%[2]d) q WHERE x > 0"), "line 15, column 24: one event of each input makes more than 10000 rows in this query, because"},
		"grouped":              {doubling(20, "SELECT x FROM s%d GROUP BY x, TumblingWindow(second, 1) UNION SELECT x + 1 AS x FROM s%[2]d"), "in step 's14'"},
		"self-joins":           {doubling(100, pairs), ""},
		"self-joins of a pair": {strings.Replace(doubling(4, pairs), "FROM i", "FROM i UNION SELECT * FROM i", 1), "line 5, column 8: one event of each input makes more than 10000 rows in step 's4'"},
		"a few outputs":        {writes(9), ""},
		"many outputs":         {writes(10), "line 21, column 1: one event of each input makes more than 10000 rows of output up to this query"},
		"no number is too big": {strings.Replace(doubling(13, twice), "SELECT * INTO o FROM s13", "SELECT a.* INTO o FROM s13 a"+joins(11), 1), "line 15, column 1: one event of each input makes more than 10000 rows in this query"},
	} {
		t.Run(name, func(t *testing.T) {
			switch _, err := Compile(c.query, goldenOptions); {
			case c.err == "" && err != nil:
				t.Error(err)
			case c.err != "" && (err == nil || !strings.Contains(err.Error(), c.err)):
				t.Errorf("%v; want %s", err, c.err)
			}
		})
	}
}

func joins(n int) string {
	var b strings.Builder
	for k := range n {
		fmt.Fprintf(&b, " JOIN s13 b%d ON DATEDIFF(second, a, b%[1]d) = 0", k)
	}
	return b.String()
}
