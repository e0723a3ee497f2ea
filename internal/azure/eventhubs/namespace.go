package eventhubs

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/azure/wire"
	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/restriction"
)

// NamespaceProperties are the properties of a namespace as a resource.
type NamespaceProperties struct {
	Policies         []Policy `json:"policies"`
	DisableLocalAuth bool     `json:"disableLocalAuth,omitempty"` // keys open nothing

	Network restriction.Rules `json:"network,omitzero"` // from where it is reached
}

// Policy is a shared access policy as a resource: a Rule with how it came to be.
type Policy struct {
	Name      string   `json:"name"`
	Hub       string   `json:"hub,omitempty"` // the only hub it is good for; empty for the whole namespace
	Rights    []string `json:"rights"`        // Listen, Send, Manage
	Primary   string   `json:"primaryKey"`
	Secondary string   `json:"secondaryKey"`
	// Declared policies are the project file's: one that is no longer there goes.
	Declared bool `json:"declared,omitempty"`
}

// ReadNamespace reads properties; none are those of a namespace without policies.
func ReadNamespace(text json.RawMessage) (NamespaceProperties, error) {
	return wire.ReadProperties[NamespaceProperties]("namespace", text)
}

// JSON is the form that the catalogue keeps.
func (p NamespaceProperties) JSON() json.RawMessage { return wire.PropertiesJSON(p) }

// Declare brings the policies up to date with those of a project file. A key that
// the file does not give stays what it is, or is made. Policies that came another
// way stay, unless one of the file has their name.
func (p *NamespaceProperties) Declare(file []Policy) {
	old := p.Policies
	p.Policies = nil
	for _, want := range file {
		had, _ := find(old, want.Name, want.Hub)
		want.Declared = true
		want.Primary = orKey(want.Primary, had.Primary)
		want.Secondary = orKey(want.Secondary, had.Secondary)
		p.Policies = append(p.Policies, want)
	}
	for _, other := range old {
		if _, named := find(file, other.Name, other.Hub); !named && !other.Declared {
			p.Policies = append(p.Policies, other)
		}
	}
}

// Regenerate makes a new key of a policy, in place of the primary or the
// secondary one.
func (p *NamespaceProperties) Regenerate(name, hub string, secondary bool) error {
	i := p.index(name, hub)
	if i < 0 {
		return fault.New(fault.NotFound, "policy "+name, "there is none; there are %s", p.names())
	}
	if secondary {
		p.Policies[i].Secondary = wire.NewKey(wire.PolicyKeyBytes)
	} else {
		p.Policies[i].Primary = wire.NewKey(wire.PolicyKeyBytes)
	}
	return nil
}

// Grant makes a policy, or changes the rights of one. Keys that are "" stay what they
// are, or are made.
func (p *NamespaceProperties) Grant(name, hub string, rights []string, primary, secondary string) {
	i := p.index(name, hub)
	if i < 0 {
		i = len(p.Policies)
		p.Policies = append(slices.Clip(p.Policies), Policy{Name: name, Hub: hub})
	} else {
		p.Policies = slices.Clone(p.Policies)
	}
	x := &p.Policies[i]
	x.Rights, x.Primary, x.Secondary = rights, orKey(primary, x.Primary), orKey(secondary, x.Secondary)
}

// Revoke takes a policy away.
func (p *NamespaceProperties) Revoke(name, hub string) error {
	i := p.index(name, hub)
	switch {
	case i < 0:
		return fault.New(fault.NotFound, "policy "+name, "there is none; there are %s", p.names())
	case p.Policies[i].Declared:
		return fault.New(fault.Conflict, "policy "+name, "the project file declares it; take it out there and start again")
	}
	p.Policies = slices.Delete(slices.Clone(p.Policies), i, i+1)
	return nil
}

// Policy returns a policy by its name, and the hub that it is good for, or "".
func (p NamespaceProperties) Policy(name, hub string) (Policy, bool) {
	return find(p.Policies, name, hub)
}

// Rules are the policies as rules, which verify keys.
func (p NamespaceProperties) Rules() ([]Rule, error) {
	rules := make([]Rule, len(p.Policies))
	for i, x := range p.Policies {
		rights, err := ParseRights(x.Rights)
		if err != nil {
			return nil, fault.Wrap(fault.Invalid, "policy "+x.Name, err, "its rights")
		}
		rules[i] = Rule{Name: x.Name, Key: x.Primary, SecondaryKey: x.Secondary, Rights: rights, Hub: x.Hub}
	}
	return rules, nil
}

// Owner is the policy with the most rights on the whole namespace, for whoever
// owns it; false when there is none.
func (p NamespaceProperties) Owner() (best Policy, found bool) {
	for _, x := range p.Policies {
		if x.Hub != "" {
			continue
		}
		if slices.Contains(x.Rights, "Manage") {
			return x, true
		}
		if len(x.Rights) > len(best.Rights) {
			best, found = x, true
		}
	}
	return best, found
}

func (p NamespaceProperties) index(name, hub string) int {
	return slices.IndexFunc(p.Policies, func(x Policy) bool { return x.Name == name && strings.EqualFold(x.Hub, hub) })
}

func (p NamespaceProperties) names() string {
	names := make([]string, len(p.Policies))
	for i, x := range p.Policies {
		names[i] = x.Name
		if x.Hub != "" {
			names[i] = x.Hub + "/" + x.Name
		}
	}
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, ", ")
}

func find(all []Policy, name, hub string) (Policy, bool) {
	for _, x := range all {
		if x.Name == name && strings.EqualFold(x.Hub, hub) {
			return x, true
		}
	}
	return Policy{}, false
}

// orKey is the first key that there is, or a new one.
func orKey(keys ...string) string {
	for _, k := range keys {
		if k != "" {
			return k
		}
	}
	return wire.NewKey(wire.PolicyKeyBytes)
}
