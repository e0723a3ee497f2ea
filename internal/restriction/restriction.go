// Package restriction decides by where a request comes from whether an account
// may be reached at all: IP rules with a default, and no way in from a public
// network. It knows no wire and no account; doors ask it before any handler, and
// each service says no in its own words.
//
// The rules are those of Azure's access restrictions: ordered by priority, the
// lowest number first; the first that matches decides; without one the default
// does, which is to deny once there is any rule.
package restriction

import (
	"errors"
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// Actions of a rule, and of the default.
const (
	Allow = "Allow"
	Deny  = "Deny"
)

// MaxRules is how many rules an account may have.
const MaxRules = 512

// Rules are the restrictions of an account. The zero value lets everybody in.
type Rules struct {
	// Private: nobody comes in by the public address (publicNetworkAccess:
	// Disabled).
	Private bool   `json:"private,omitempty"`
	Default string `json:"default,omitempty"` // Allow, Deny, or "": Deny once there is a rule
	Rules   []Rule `json:"rules,omitempty"`
}

// Rule lets in or keeps out what matches all that it names.
type Rule struct {
	Name     string         `json:"name,omitempty"`
	Priority int            `json:"priority,omitempty"`
	Action   string         `json:"action"`         // Allow or Deny
	From     []netip.Prefix `json:"from,omitempty"` // any of them; empty: everywhere
	// Headers are values of request headers by name: each name must have one of
	// its values, compared without case. X-Forwarded-For takes CIDRs. Only HTTP
	// has headers: elsewhere such a rule matches nothing.
	Headers map[string][]string `json:"headers,omitempty"`
}

// HeaderNames are those that a rule may name, as on Azure.
var HeaderNames = [...]string{"X-Forwarded-Host", "X-Forwarded-For", "X-Azure-FDID", "X-FD-HealthProbe"}

// Visit is a request or a connection.
type Visit struct {
	From    netip.Addr // of whoever asks, past proxies that are trusted
	Private bool       // it came by the private address
	Header  http.Header
}

// Allows reports whether the visit may come in, and the name of the rule that says
// so, or of the switch that does. What comes by the private address is asked
// nothing, as a private endpoint is.
func (r Rules) Allows(v Visit) (allowed bool, by string) {
	if v.Private {
		return true, ""
	}
	if r.Private {
		return false, "publicNetworkAccess"
	}
	for _, rule := range r.sorted() {
		if rule.matches(v) {
			return rule.Action == Allow, rule.Name
		}
	}
	if r.Default == "" {
		return len(r.Rules) == 0, "defaultAction"
	}
	return r.Default == Allow, "defaultAction"
}

// Open reports whether everybody may come in.
func (r Rules) Open() bool { return !r.Private && len(r.Rules) == 0 && r.Default != Deny }

func (r Rules) sorted() []Rule {
	byPriority := func(a, b Rule) int { return a.Priority - b.Priority }
	if slices.IsSortedFunc(r.Rules, byPriority) {
		return r.Rules
	}
	sorted := slices.Clone(r.Rules)
	slices.SortStableFunc(sorted, byPriority)
	return sorted
}

func (r Rule) matches(v Visit) bool {
	if len(r.From) > 0 && !within(r.From, v.From) {
		return false
	}
	for name, wanted := range r.Headers {
		if !hasHeader(v.Header, name, wanted) {
			return false
		}
	}
	return true
}

func within(prefixes []netip.Prefix, a netip.Addr) bool {
	a = a.Unmap().WithZone("")
	return slices.ContainsFunc(prefixes, func(p netip.Prefix) bool { return p.Contains(a) })
}

func hasHeader(h http.Header, name string, wanted []string) bool {
	for _, line := range h.Values(name) {
		for value := range strings.SplitSeq(line, ",") {
			value = strings.TrimSpace(value)
			for _, want := range wanted {
				if strings.EqualFold(value, want) || strings.EqualFold(name, "X-Forwarded-For") && addressIn(value, want) {
					return true
				}
			}
		}
	}
	return false
}

func addressIn(address, cidr string) bool {
	a, err := netip.ParseAddr(address)
	if err != nil {
		return false
	}
	p, err := ParsePrefix(cidr)
	return err == nil && within([]netip.Prefix{p}, a)
}

// ParsePrefix reads an address or a range in CIDR notation.
func ParsePrefix(text string) (netip.Prefix, error) {
	if strings.Contains(text, "/") {
		p, err := netip.ParsePrefix(text)
		if err == nil && p.Addr().Is4In6() {
			if p.Bits() < 96 {
				return p, errors.New("it is wider than the IPv4 addresses that it writes as IPv6")
			}
			p = netip.PrefixFrom(p.Addr().Unmap(), p.Bits()-96)
		}
		return p.Masked(), err
	}
	a, err := netip.ParseAddr(text)
	if err != nil {
		return netip.Prefix{}, err
	}
	return netip.PrefixFrom(a.Unmap(), a.Unmap().BitLen()), nil
}

// Origin is where a request comes from: the peer, or, as long as the peer is a
// proxy that is trusted, what X-Forwarded-For says before it. A text there that
// is no address ends the search: nobody vouches for what stands before it.
func Origin(peer netip.Addr, forwarded []string, trusted []netip.Prefix) netip.Addr {
	var hops []string
	for _, line := range forwarded {
		hops = append(hops, strings.Split(line, ",")...)
	}
	for i := len(hops) - 1; i >= 0 && within(trusted, peer); i-- {
		text := strings.TrimSpace(hops[i])
		a, err := netip.ParseAddr(text)
		if err != nil {
			p, err := netip.ParseAddrPort(text) // some proxies add the port
			if err != nil {
				return peer
			}
			a = p.Addr()
		}
		peer = a
	}
	return peer
}
