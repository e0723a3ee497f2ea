package door

import (
	"net/netip"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/resource"
)

// Names says which host names are ours.
//
// localhost, names below it and IP addresses always are, and mean the account
// that a port stands for: a foreign page cannot come by one of them. Whatever
// else a browser calls us may be a name of another site that resolves to this
// machine (DNS rebinding).
type Names struct {
	// Hosts are further names of ours: "lazuli.example.org", "*.example.org".
	// They mean the account that the port stands for.
	Hosts []string
	// Find returns the account that has the name, in lower case, on a port that
	// stands for an account of a type. It is asked each time, so accounts that
	// were made later are found. May be nil.
	Find func(name, typ string) (resource.Account, Meaning)
}

// Meaning is what a name can mean.
type Meaning int

// The meanings of a name.
const (
	Another Meaning = iota // nothing of an account: Names.Hosts and the rules above decide
	Known                  // the account that has it
	Unknown                // an account's name only, and there is none of it
)

// resolve returns the account that a Host header or an AMQP host name means, or
// why there is none: fault.Forbidden when the name is not ours, fault.NotFound
// when it could only be that of an account that is not there. No name at all
// means the port's account: no browser leaves it out.
func (n Names) resolve(hostport string, own resource.Account) (resource.Account, error) {
	name, ok := hostName(hostport)
	if !ok && hostport == "" {
		return own, nil
	}
	if ok {
		switch account, meaning := n.find(name, own.Type); {
		case meaning == Known:
			return account, nil
		case n.listed(name):
			return own, nil
		case meaning == Unknown:
			return own, fault.New(fault.NotFound, "", "nothing here is called %s; `lazuli status` lists the names that there are", name)
		case n.ours(name):
			return own, nil
		}
	}
	return own, fault.New(fault.Forbidden, "",
		"this address is reached as localhost or by an IP address, not as %q; a name of yours belongs under hostNames in lazuli.yaml", hostport)
}

// names reports whether a host name is an account's own.
func (n Names) names(hostport, typ string) bool {
	name, ok := hostName(hostport)
	if !ok {
		return false
	}
	_, meaning := n.find(name, typ)
	return meaning == Known
}

func (n Names) find(name, typ string) (resource.Account, Meaning) {
	if n.Find == nil {
		return resource.Account{}, Another
	}
	return n.Find(name, typ)
}

// ours reports whether a name cannot be another site's.
func (n Names) ours(name string) bool {
	if name == "localhost" || strings.HasSuffix(name, ".localhost") {
		return true
	}
	_, err := netip.ParseAddr(name)
	return err == nil || n.listed(name)
}

// listed reports whether a name is one of Hosts.
func (n Names) listed(name string) bool {
	for _, h := range n.Hosts {
		if suffix, wild := strings.CutPrefix(h, "*"); wild && len(name) > len(suffix) && foldSuffix(name, suffix) || strings.EqualFold(h, name) {
			return true
		}
	}
	return false
}

func foldSuffix(name, suffix string) bool {
	return strings.EqualFold(name[len(name)-len(suffix):], suffix)
}

// hostName returns the name in "name", "name:port", "[v6]" or "[v6]:port", in
// lower case and without the dot that ends an absolute one; false when the
// text is none of these.
func hostName(hostport string) (string, bool) {
	if rest, bracket := strings.CutPrefix(hostport, "["); bracket {
		name, after, closed := strings.Cut(rest, "]")
		port, colon := strings.CutPrefix(after, ":")
		return name, closed && isIPv6(name) && digits(port) && (colon || after == "")
	}
	if isIPv6(hostport) { // an AMQP open may name one without brackets
		return hostport, true
	}
	name, port, _ := strings.Cut(hostport, ":")
	name = strings.ToLower(strings.TrimSuffix(name, "."))
	plain := strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789-_.") == ""
	return name, name != "" && len(name) <= 255 && plain && digits(port)
}

func isIPv6(s string) bool {
	if strings.Count(s, ":") < 2 { // most names; a failed parse costs an allocation
		return false
	}
	addr, err := netip.ParseAddr(s)
	return err == nil && addr.Is6() && addr.Zone() == ""
}

func digits(s string) bool { return strings.Trim(s, "0123456789") == "" }
