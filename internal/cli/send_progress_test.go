package cli

import (
	"bytes"
	"regexp"
	"testing"
)

// TestProgress draws a bar, and a count where the end is not known.
func TestProgress(t *testing.T) {
	for _, tc := range []struct {
		name  string
		total int
		want  string
	}{
		{"known", 400, `sending 200 / 400 \[=+>-+\] +[0-9]+ events/s`},
		{"endless", 0, `sending 200 +[0-9]+ events/s`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var drawn bytes.Buffer
			p := showProgress(&drawn, tc.total)
			p.add(150)
			p.add(50)
			p.close()
			if !regexp.MustCompile(tc.want).Match(drawn.Bytes()) {
				t.Errorf("drawn: %q", drawn.Bytes())
			}
		})
	}
}

// TestNoProgress: nothing is drawn where nobody watches.
func TestNoProgress(t *testing.T) {
	var out bytes.Buffer
	p := (&session{stdio: newStdio(nil, nil, &out)}).newProgress(10)
	p.add(10)
	p.close()
	if out.Len() > 0 {
		t.Errorf("drawn: %q", out.Bytes())
	}
}
