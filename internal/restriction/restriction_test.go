package restriction

import (
	"net/http"
	"net/netip"
	"testing"
)

func prefixes(t testing.TB, texts ...string) (all []netip.Prefix) {
	t.Helper()
	for _, text := range texts {
		p, err := ParsePrefix(text)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
	return all
}

func TestAllows(t *testing.T) {
	office := Rule{Priority: 200, Action: Allow, From: prefixes(t, "203.0.113.0/24", "2001:db8::/32")}
	banned := Rule{Priority: 100, Action: Deny, From: prefixes(t, "203.0.113.7")}
	door := Rule{Action: Allow, Headers: map[string][]string{"x-azure-fdid": {"one", "TWO"}, "x-forwarded-for": {"198.51.100.0/24"}}}
	from := func(a string) Visit { return Visit{From: netip.MustParseAddr(a)} }
	header := func(pairs ...string) Visit {
		v := from("192.0.2.1")
		v.Header = http.Header{}
		for i := 0; i < len(pairs); i += 2 {
			v.Header.Add(pairs[i], pairs[i+1])
		}
		return v
	}
	for _, c := range []struct {
		name  string
		rules Rules
		visit Visit
		want  bool
	}{
		{"no rules", Rules{}, from("192.0.2.1"), true},
		{"a rule that matches", Rules{Rules: []Rule{office}}, from("203.0.113.9"), true},
		{"implicit deny", Rules{Rules: []Rule{office}}, from("192.0.2.1"), false},
		{"default allow", Rules{Default: Allow, Rules: []Rule{banned}}, from("192.0.2.1"), true},
		{"default deny without rules", Rules{Default: Deny}, from("192.0.2.1"), false},
		{"priority, not order", Rules{Rules: []Rule{office, banned}}, from("203.0.113.7"), false},
		{"IPv6", Rules{Rules: []Rule{office}}, from("2001:db8::1"), true},
		{"a range of IPv4 in IPv6", Rules{Default: Allow, Rules: []Rule{{Action: Deny, From: prefixes(t, "::ffff:203.0.113.0/120")}}}, from("203.0.113.9"), false},
		{"IPv4 in IPv6", Rules{Rules: []Rule{office}}, from("::ffff:203.0.113.9"), true},
		{"an IPv6 address with a zone", Rules{Rules: []Rule{office}}, from("2001:db8::1%eth0"), true},
		{"private only", Rules{Private: true}, from("203.0.113.9"), false},
		{"the private address", Rules{Private: true, Default: Deny}, Visit{From: netip.MustParseAddr("192.0.2.1"), Private: true}, true},
		{"all headers, any value", Rules{Rules: []Rule{door}}, header("X-Azure-FDID", "two", "X-Forwarded-For", "192.0.2.9, 198.51.100.4"), true},
		{"one header is missing", Rules{Rules: []Rule{door}}, header("X-Azure-FDID", "two"), false},
		{"another value", Rules{Rules: []Rule{door}}, header("X-Azure-FDID", "three", "X-Forwarded-For", "198.51.100.4"), false},
		{"headers, where there are none", Rules{Rules: []Rule{door}}, from("192.0.2.1"), false},
	} {
		if got, _ := c.rules.Allows(c.visit); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
	if !(Rules{Default: Allow}).Open() || (Rules{Rules: []Rule{office}}).Open() || (Rules{Private: true}).Open() || (Rules{Default: Deny}).Open() {
		t.Error("which rules let everybody in")
	}
}

// TestOrigin: what is not vouched for by a trusted hop is not believed.
func TestOrigin(t *testing.T) {
	trusted := prefixes(t, "127.0.0.1", "10.0.0.0/8")
	for _, c := range []struct {
		peer      string
		forwarded []string
		want      string
	}{
		{"127.0.0.1", nil, "127.0.0.1"},
		{"127.0.0.1", []string{"203.0.113.9"}, "203.0.113.9"},
		{"192.0.2.1", []string{"203.0.113.9"}, "192.0.2.1"},
		{"127.0.0.1", []string{"203.0.113.9, 192.0.2.5"}, "192.0.2.5"},
		{"127.0.0.1", []string{"203.0.113.9", "10.1.2.3"}, "203.0.113.9"},
		{"127.0.0.1", []string{"203.0.113.9, nonsense"}, "127.0.0.1"},
		{"127.0.0.1", []string{"203.0.113.9:4711"}, "203.0.113.9"},
		{"127.0.0.1", []string{"[2001:db8::1]:4711"}, "2001:db8::1"},
		{"127.0.0.1", []string{""}, "127.0.0.1"},
	} {
		if got := Origin(netip.MustParseAddr(c.peer), c.forwarded, trusted); got.String() != c.want {
			t.Errorf("%s via %q: %s, want %s", c.peer, c.forwarded, got, c.want)
		}
	}
}

// FuzzRules: no header and no text of a rule breaks it, and a rule that lets in
// one range lets in nobody else.
func FuzzRules(f *testing.F) {
	f.Add("203.0.113.0/24", "203.0.113.9", "1.2.3.4, 5.6.7.8")
	f.Add("::/0", "::1", ",")
	f.Fuzz(func(t *testing.T, cidr, from, forwarded string) {
		p, err := ParsePrefix(cidr)
		if err != nil {
			return
		}
		a, err := netip.ParseAddr(from)
		if err != nil {
			return
		}
		origin := Origin(a, []string{forwarded}, []netip.Prefix{p})
		r := Rules{Rules: []Rule{{Action: Allow, From: []netip.Prefix{p}}}}
		if got, _ := r.Allows(Visit{From: origin}); got != p.Contains(origin.Unmap().WithZone("")) {
			t.Errorf("%s lets in %s: %v", p, origin, got)
		}
		r.Rules[0].Headers = map[string][]string{"X-Forwarded-For": {cidr}}
		r.Allows(Visit{From: origin, Header: http.Header{"X-Forwarded-For": {forwarded}}})
	})
}
