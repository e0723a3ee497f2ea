package trigger

import "testing"

// TestCausedBy holds which trace a call continues: that of all its items, or none.
func TestCausedBy(t *testing.T) {
	const a, b = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203332-01"
	for _, c := range []struct {
		name  string
		items []string
		want  string
	}{
		{"nothing said", []string{"", ""}, ""},
		{"one", []string{a}, a},
		{"one among some that say nothing", []string{"", a, ""}, a},
		{"one commit", []string{a, a, a}, a},
		{"several", []string{a, b}, ""},
		{"several, the first again", []string{a, b, a}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			var call Call
			call.CausedBy(len(c.items), func(i int) Link { return Link{TraceParent: c.items[i]} })
			if call.TraceParent != c.want {
				t.Errorf("the call continues %q, want %q", call.TraceParent, c.want)
			}
			if links := call.Links; len(links) != len(c.items) || links[len(links)-1].TraceParent != c.items[len(links)-1] {
				t.Errorf("links are %v", links)
			}
		})
	}
}
