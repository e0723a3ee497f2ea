package app

import (
	"cmp"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/door"
	"github.com/lazuli-dev/lazuli/internal/host/trigger"
	"github.com/lazuli-dev/lazuli/internal/resource"
)

// Functions say where things are by the host of a connection, stream jobs by the
// name of an account. The portal shows both as ACCOUNT/TARGET, or as the target
// alone where the account is the default one.

// placeName is what a binding of a kind leads to, as the portal names it.
func (e *env) placeName(kind string, at trigger.Place) string {
	typ := e.leadsTo(kind)
	a, meaning := e.find(at.Host, typ)
	if _, ok := storageDoors[a.Type]; ok {
		a = stored(a) // the host is that of one of its services
	}
	if meaning == door.Known && a.Type == typ {
		return inAccount(a, at.Target)
	}
	if ofAnother(at.Host) {
		return at.Host + "/" + at.Target
	}
	return at.Target
}

// ofAnother reports whether a host that names no account here is another process: it
// has a port, which ends tell of others only, or a domain.
func ofAnother(host string) bool {
	return strings.Contains(host, ":") || strings.Contains(host, ".") && !isLoopback(host)
}

// endName is what an end of a stream job leads to, as the portal names it.
func (e *env) endName(kind, account, target string) string {
	typ := e.leadsTo(kind)
	if typ == "" {
		return target // a file, a dataset: in no account
	}
	if a, meaning := e.account(typ, cmp.Or(account, resource.Default)); meaning == door.Known {
		return inAccount(a, target)
	}
	return target
}

// leadsTo is the type of accounts that a kind of binding or end leads to, or "".
func (e *env) leadsTo(kind string) string {
	for _, l := range e.Given.Leads {
		if strings.EqualFold(l.kind, kind) {
			return l.typ
		}
	}
	return ""
}

func inAccount(a resource.Account, target string) string {
	if name := notDefault(a); name != "" {
		return name + "/" + target
	}
	return target
}
