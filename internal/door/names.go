package door

import (
	"net/netip"
	"strings"

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
	// Find returns the account that has the name, in lower case. It is asked
	// each time, so accounts that were made later are found. May be nil.
	Find func(name string) (resource.Account, bool)
}

// resolve returns the account that a Host header or an AMQP host name means;
// false when the name is not ours. No name at all means the port's account:
// no browser leaves it out.
func (n Names) resolve(hostport string, own resource.Account) (resource.Account, bool) {
	name, ok := hostName(hostport)
	if !ok {
		return own, hostport == ""
	}
	if n.Find != nil {
		if a, found := n.Find(name); found {
			return a, true
		}
	}
	return own, n.ours(name)
}

// ours reports whether a name cannot be another site's.
func (n Names) ours(name string) bool {
	if name == "localhost" || strings.HasSuffix(name, ".localhost") {
		return true
	}
	if _, err := netip.ParseAddr(name); err == nil {
		return true
	}
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
