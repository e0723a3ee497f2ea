package cosmossql

import (
	"strings"
	"testing"
	"time"

	"github.com/lazuli-dev/lazuli/internal/fault"
)

// TestSlowRegex demands that a pattern which backtracks for ever is given up
// with an error that says so: for one match, and for many matches that are each
// below its limit.
func TestSlowRegex(t *testing.T) {
	doc := `{"id":"%d","s":"` + strings.Repeat("a", 40) + `"}`
	src := numbered(50, doc)
	for _, text := range []string{
		`SELECT VALUE c.id FROM c WHERE REGEXMATCH(c.s, "^(?=a)(a+)+$(?<=b)")`,
		`SELECT VALUE c.id FROM c WHERE REGEXMATCH(c.s, CONCAT("^(?=a)(a", "+)+$(?<=b)"))`,
	} {
		start := time.Now()
		_, err := prepare(t, src, text).Run(t.Context(), src, RunOptions{})
		if fault.KindOf(err) != fault.Invalid || !strings.Contains(err.Error(), "backtracks") {
			t.Errorf("%s: %v", text, err)
		}
		if took := time.Since(start); took > 20*maxRegexPage {
			t.Errorf("%s took %v", text, took)
		}
	}
	spent := &running{regexTime: maxRegexPage + 1}
	re, err := compileRegex([]byte("a(?=b)"), nil)
	if err != nil {
		t.Fatal(err)
	}
	if re.match(spent, []byte("ab")); fault.KindOf(spent.err) != fault.Invalid {
		t.Errorf("a page that has used up its time: %v", spent.err)
	}
}

// TestRegexEngines demands that a pattern runs in linear time where it can.
func TestRegexEngines(t *testing.T) {
	for pattern, linear := range map[string]bool{
		"a+b": true, "^[0-9]{3}$": true, `\bx\d`: true, `\Qa.b\E`: true,
		"(?=a)": false, `(a)\1`: false, "(?>a)": false, "a{2000}": false, `a\Z`: false,
	} {
		re, err := compileRegex([]byte(pattern), nil)
		if err != nil {
			t.Errorf("%s: %v", pattern, err)
			continue
		}
		if (re.linear != nil) != linear {
			t.Errorf("%s: linear %v", pattern, re.linear != nil)
		}
	}
}

// TestOnlyPCRE demands that what would be read otherwise is refused, and nothing
// else.
func TestOnlyPCRE(t *testing.T) {
	for pattern, refused := range map[string]bool{
		"a++": true, "a*+": true, "a?+": true, "a{2,3}+": true, `\h`: true, `a\R`: true, `\K`: true, `[\h]`: true, `[^]\v]`: true,
		"(?R)": true, "(?1)": true, "(?-1)": true, "(?&x)": true, "(?|a)": true, "(*FAIL)": true, `\g{1}`: true, "(?C1)": true, "(?P>x)": true,
		"a+": false, "a+?": false, "a??": false, "[+]+": false, `\++`: false, `\}+`: false, "x}+": false, "(?:a)+": false, "(?-i)a": false, "[a++]": false,
		"[[:alpha:]]+": false, "[]a]+": false, "[^]a]+": false, "(a)*": false, `\\h`: false, "(?P<h>a)": false, "": false, `\`: false, "[": false, "(": false,
	} {
		if got := onlyPCRE(pattern); (got != "") != refused {
			t.Errorf("%s: %q", pattern, got)
		}
	}
}
