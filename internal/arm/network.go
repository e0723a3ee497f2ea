package arm

import (
	"net/http"
	"net/netip"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/restriction"
)

// Network is from where an account is reached, as the services' bodies have it.
type Network struct {
	Public  string   // Enabled, Disabled; "" is Enabled
	Default string   // Allow, Deny; "": Deny once there is a rule
	IPs     []string // addresses and CIDRs that may come in
	Subnets []string // ids of subnets that may
}

// Rules are the restrictions. A subnet is the addresses that its record has; one that
// is not here lets nobody in.
func (n Network) Rules(m *Manager) (restriction.Rules, error) {
	r := restriction.Rules{Private: n.Public == "Disabled" || n.Public == "SecuredByPerimeter", Default: n.Default}
	switch n.Default {
	case "", restriction.Allow, restriction.Deny:
	default:
		return r, fault.New(fault.Invalid, "defaultAction", "is %q; expected Allow or Deny", n.Default)
	}
	var from []netip.Prefix
	for _, text := range n.IPs {
		p, err := restriction.ParsePrefix(text)
		if err != nil {
			return r, Fail(http.StatusBadRequest, "InvalidValuesForRequestParameters", "The IP rule '%s' is no address and no range in CIDR notation.", text)
		}
		from = append(from, p)
	}
	for _, text := range n.Subnets {
		id, err := ParseID(text)
		if err != nil {
			return r, err
		}
		subnet, found := m.Body(id)
		if !found {
			return r, Fail(http.StatusBadRequest, "SubnetNotFound", "The subnet '%s' of a network rule was not found.", text)
		}
		for _, cidr := range append(subnet.Texts("properties", "addressPrefixes"), subnet.Text("properties", "addressPrefix")) {
			if p, err := restriction.ParsePrefix(cidr); err == nil {
				from = append(from, p)
			}
		}
	}
	if len(from) > 0 {
		r.Rules = []restriction.Rule{{Name: "ipRules", Action: restriction.Allow, From: from}}
	}
	if len(n.IPs)+len(n.Subnets) > restriction.MaxRules {
		return r, fault.New(fault.Invalid, "network rules", "there are %d; at most %d", len(n.IPs)+len(n.Subnets), restriction.MaxRules)
	}
	return r, nil
}
