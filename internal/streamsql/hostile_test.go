package streamsql

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// TestHostileScripts compiles scripts that would take exponential time or deep
// recursion if names, unions or keys were resolved again at each level.
func TestHostileScripts(t *testing.T) {
	var unions, groups strings.Builder
	unions.WriteString("WITH s0 AS (SELECT * FROM i UNION SELECT * FROM j)")
	for n := range 200 {
		fmt.Fprintf(&unions, ", s%d AS (SELECT * FROM s%d UNION SELECT * FROM s%d)", n+1, n, n)
	}
	unions.WriteString(" SELECT id, COUNT(*) AS n INTO o FROM s200 GROUP BY id, TumblingWindow(second, 1)")
	groups.WriteString("WITH s0 AS (SELECT * FROM i)")
	var keys []string
	for n := range 40 {
		keys = append(keys, fmt.Sprintf("k%d", n))
		fmt.Fprintf(&groups, ", s%d AS (SELECT %s FROM s0 GROUP BY %[2]s, TumblingWindow(second, 1))", n+1, strings.Join(keys, ", "))
	}
	groups.WriteString(" SELECT k0 INTO o FROM s40 UNION SELECT COUNT(*) FROM s1 GROUP BY TumblingWindow(second, 1)")
	for name, text := range map[string]string{
		"fields":      "SELECT GetArrayElement(a, 0)" + strings.Repeat(".b", 900) + " INTO o FROM i",
		"unions":      unions.String(),
		"groups":      groups.String(),
		"in":          "SELECT 1 AS a INTO o FROM i WHERE x IN (" + strings.Repeat("1,", 5000) + "1)",
		"conditions":  "SELECT 1 AS a INTO o FROM i WHERE " + strings.Repeat("x = 1 OR ", 999) + "x = 1",
		"cases":       "SELECT " + strings.Repeat("CASE WHEN x = 1 THEN ", 100) + "1" + strings.Repeat(" END", 100) + " AS a INTO o FROM i",
		"comments":    strings.Repeat("/**/", 100000) + "SELECT a FROM i",
		"wide":        "SELECT " + strings.Repeat("a, ", 5) + "b FROM i",
		"many fields": "SELECT 0" + manyColumns(6000) + " FROM i",
	} {
		t.Run(name, func(t *testing.T) {
			start := time.Now()
			if prog, err := Compile(text, goldenOptions); err == nil {
				prog.Explain()
			}
			if d := time.Since(start); d > 20*time.Second {
				t.Errorf("took %v", d)
			}
		})
	}
}

func manyColumns(n int) string {
	var sb strings.Builder
	for i := range n {
		fmt.Fprintf(&sb, ", c%d", i)
	}
	return sb.String()
}
