package app

import (
	"net/netip"

	"github.com/lazuli-dev/lazuli/internal/connect"
	"github.com/lazuli-dev/lazuli/internal/host/state"
	"github.com/lazuli-dev/lazuli/internal/instance"
)

// Access says who may call what, for the start screen.
type Access struct {
	Network  bool   // other machines reach the listeners
	Address  string // on which address
	SignIn   bool   // the portal asks who calls
	Link     string // opens the portal once
	Password string // made for this run; "" when the project file has one
	Keys     string // container of the function apps' keys; "" where none are asked
}

func (a *App) access() Access {
	cfg := a.opts.Config
	at := cfg.Listen
	if addr, err := netip.ParseAddr(at); err == nil && addr.IsLoopback() && cfg.PrivateListen != "" {
		at = cfg.PrivateListen // the one of the two that they can reach
	}
	out := Access{Network: !cfg.OnLoopback(), Address: at, SignIn: a.house.SignIn != nil}
	for _, app := range a.house.apps() {
		if app.keys != nil {
			out.Keys = state.HostSecrets
		}
	}
	if a.house.SignIn == nil {
		return out
	}
	scheme := "http://"
	if out.Network {
		scheme = "https://"
	}
	out.Link = scheme + connect.Host(a.doors.addresses[instance.Portal], "") + a.house.SignIn.Link()
	if cfg.Portal.Password == "" {
		out.Password = a.house.SignIn.Password()
	}
	return out
}
