package config

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/restriction"
)

// Network says from where a namespace or an account is reached.
type Network struct {
	PublicNetworkAccess string     `yaml:"publicNetworkAccess"` // Enabled (default), or Disabled: by the private address alone
	DefaultAction       string     `yaml:"defaultAction"`       // Allow or Deny; default: Deny once there are ipRules
	IPRules             StringList `yaml:"ipRules"`             // addresses and CIDRs that may come in
}

// Access says from where a function app is called.
type Access struct {
	PublicNetworkAccess string       `yaml:"publicNetworkAccess"` // as of Network
	DefaultAction       string       `yaml:"defaultAction"`       // Allow or Deny; default: Deny once there are rules
	Rules               []AccessRule `yaml:"rules"`               // by priority, the first that matches decides
	AdminDefaultAction  string       `yaml:"adminDefaultAction"`  // of /admin; default as above
	AdminRules          []AccessRule `yaml:"adminRules"`          // of /admin; default: rules
}

// AccessRule is an access restriction.
type AccessRule struct {
	Name     string                `yaml:"name"`
	Priority Count                 `yaml:"priority"` // the lowest first; default 0
	Action   string                `yaml:"action"`   // Allow (default) or Deny
	IP       StringList            `yaml:"ip"`       // addresses and CIDRs; default: everywhere
	Headers  map[string]StringList `yaml:"headers"`  // X-Forwarded-Host, X-Forwarded-For, X-Azure-FDID, X-FD-HealthProbe: one value of each
}

// Restrictions are the rules of a namespace or an account.
func (n Network) Restrictions() restriction.Rules {
	r := restriction.Rules{Private: n.PublicNetworkAccess == "Disabled", Default: n.DefaultAction}
	if len(n.IPRules) > 0 {
		r.Rules = []restriction.Rule{{Name: "ipRules", Action: restriction.Allow, From: ranges(n.IPRules)}}
	}
	return r
}

// Restrictions are the rules of the app, and those of its /admin.
func (a Access) Restrictions() (site, admin restriction.Rules) {
	site = restriction.Rules{Private: a.PublicNetworkAccess == "Disabled", Default: a.DefaultAction, Rules: accessRules(a.Rules)}
	if a.AdminDefaultAction == "" && len(a.AdminRules) == 0 {
		return site, site
	}
	return site, restriction.Rules{Private: site.Private, Default: a.AdminDefaultAction, Rules: accessRules(a.AdminRules)}
}

func accessRules(rules []AccessRule) (all []restriction.Rule) {
	for _, r := range rules {
		rule := restriction.Rule{Name: r.Name, Priority: int(r.Priority), Action: r.Action, From: ranges(r.IP)}
		if rule.Action == "" {
			rule.Action = restriction.Allow
		}
		if len(r.Headers) > 0 {
			rule.Headers = map[string][]string{}
			for name, values := range r.Headers {
				rule.Headers[name] = values
			}
		}
		all = append(all, rule)
	}
	return all
}

// Trusted are the proxies that are believed.
func (c *Config) Trusted() []netip.Prefix { return ranges(c.TrustedProxies) }

// ranges are the texts as ranges; those that are none were refused before.
func ranges(texts []string) (all []netip.Prefix) {
	for _, text := range texts {
		if p, err := restriction.ParsePrefix(text); err == nil {
			all = append(all, p)
		}
	}
	return all
}

func (v *validation) network(path string, n Network) {
	v.oneOf(path+".publicNetworkAccess", n.PublicNetworkAccess, "Enabled", "Disabled")
	v.oneOf(path+".defaultAction", n.DefaultAction, restriction.Allow, restriction.Deny)
	v.ranges(path+".ipRules", n.IPRules)
}

func (v *validation) access(path string, a Access) {
	v.oneOf(path+".publicNetworkAccess", a.PublicNetworkAccess, "Enabled", "Disabled")
	v.oneOf(path+".defaultAction", a.DefaultAction, restriction.Allow, restriction.Deny)
	v.oneOf(path+".adminDefaultAction", a.AdminDefaultAction, restriction.Allow, restriction.Deny)
	for list, rules := range map[string][]AccessRule{"rules": a.Rules, "adminRules": a.AdminRules} {
		if len(rules) > restriction.MaxRules {
			v.add(path+"."+list, "has %d rules; there may be %d", len(rules), restriction.MaxRules)
		}
		for i, r := range rules {
			at := fmt.Sprintf("%s.%s[%d]", path, list, i)
			v.oneOf(at+".action", r.Action, restriction.Allow, restriction.Deny)
			v.ranges(at+".ip", r.IP)
			for name := range r.Headers {
				if !slices.ContainsFunc(restriction.HeaderNames[:], func(known string) bool { return strings.EqualFold(known, name) }) {
					v.add(at+".headers", "%q is not one of %s", name, strings.Join(restriction.HeaderNames[:], ", "))
				}
			}
		}
	}
}

func (v *validation) ranges(path string, texts []string) {
	if len(texts) > restriction.MaxRules {
		v.add(path, "has %d ranges; there may be %d", len(texts), restriction.MaxRules)
	}
	for i, text := range texts {
		if _, err := restriction.ParsePrefix(text); err != nil {
			v.add(fmt.Sprintf("%s[%d]", path, i), "%q is no IP address and no range such as 203.0.113.0/24", text)
		}
	}
}

func (v *validation) privateListen(c *Config) {
	if c.PrivateListen == "" {
		return
	}
	a, err := netip.ParseAddr(c.PrivateListen)
	switch {
	case err != nil:
		v.add("privateListen", "%q is not an IP address such as 127.0.0.2", c.PrivateListen)
	case c.PrivateListen == c.Listen || a.IsUnspecified():
		v.add("privateListen", "must be another address than those of listen, such as 127.0.0.2")
	}
	if public, err := netip.ParseAddr(c.Listen); err == nil && public.IsUnspecified() {
		v.add("privateListen", "listen is %s, which stands for every address of the machine; set it to one of them", c.Listen)
	}
}
