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
	name, port := hostport, ""
	if rest, bracket := strings.CutPrefix(hostport, "["); bracket {
		inner, after, closed := strings.Cut(rest, "]")
		if addr, err := netip.ParseAddr(inner); !closed || err != nil || !addr.Is6() || after != "" && after[0] != ':' {
			return "", false
		}
		name, port = inner, strings.TrimPrefix(after, ":")
	} else if i := strings.LastIndexByte(hostport, ':'); i >= 0 && strings.IndexByte(hostport, ':') == i {
		name, port = hostport[:i], hostport[i+1:]
	} else if i >= 0 {
		addr, err := netip.ParseAddr(hostport) // an AMQP open may name a bare v6 address
		return hostport, err == nil && addr.Is6()
	}
	name = strings.ToLower(strings.TrimSuffix(name, "."))
	if name == "" || len(name) > 255 || strings.ContainsAny(name, "/\\@?# \t\r\n\x00") || strings.Trim(port, "0123456789") != "" {
		return "", false
	}
	return name, true
}
