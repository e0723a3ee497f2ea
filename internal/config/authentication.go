package config

import (
	"fmt"
	"slices"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/nearest"
)

// Authentication is what App Service does in front of an app ("Easy Auth"), in the
// words of its authsettingsV2: callers show a token of this project's issuer. It is on
// when application or allowedAudiences is set.
type Authentication struct {
	Application         string     `yaml:"application"`                 // of identity.applications: what the app is registered as; tokens for it are taken, and people sign in to it
	AllowedAudiences    StringList `yaml:"allowedAudiences"`            // what else tokens may be for
	AllowedApplications StringList `yaml:"allowedApplications"`         // client ids of programs that may call; default: all
	AllowedPrincipals   StringList `yaml:"allowedPrincipals"`           // object ids that may call; default: all
	ExcludedPaths       StringList `yaml:"excludedPaths"`               // for which no token is asked; * at the end stands for what is below
	UnauthenticatedDoes string     `yaml:"unauthenticatedClientAction"` // Return401 (default), Return403, RedirectToLoginPage or AllowAnonymous
}

// On reports whether callers are asked who they are.
func (a Authentication) On() bool { return a.Application != "" || len(a.AllowedAudiences) > 0 }

func (v *validation) authentication(c *Config, path string, a Authentication) {
	v.oneOf(path+".unauthenticatedClientAction", a.UnauthenticatedDoes, "Return401", "Return403", "RedirectToLoginPage", "AllowAnonymous")
	switch _, there := c.Identity.Applications[a.Application]; {
	case a.Application != "" && !there:
		var names []string
		for name := range c.Identity.Applications {
			names = append(names, name)
		}
		hint := ""
		if best := nearest.Name(a.Application, names); best != "" {
			hint = "; did you mean " + best + "?"
		}
		v.add(path+".application", "there is no application %q under identity.applications%s", a.Application, hint)
	case a.Application == "" && a.UnauthenticatedDoes == "RedirectToLoginPage":
		v.add(path+".application", "is missing: people sign in to an application of identity.applications")
	case !a.On() && (a.UnauthenticatedDoes != "" || len(a.AllowedApplications)+len(a.AllowedPrincipals)+len(a.ExcludedPaths) > 0):
		v.add(path, "needs application or allowedAudiences, which say what tokens are for")
	}
	for i, p := range a.ExcludedPaths {
		if !strings.HasPrefix(p, "/") || strings.Contains(strings.TrimSuffix(p, "*"), "*") {
			v.add(fmt.Sprintf("%s.excludedPaths[%d]", path, i), "%q is not a path such as /api/health or /api/public/*", p)
		}
	}
	for key, ids := range map[string]StringList{"allowedApplications": a.AllowedApplications, "allowedPrincipals": a.AllowedPrincipals} {
		if i := slices.IndexFunc(ids, func(id string) bool { return !guid.MatchString(id) }); i >= 0 {
			v.add(fmt.Sprintf("%s.%s[%d]", path, key, i), "%q is not a GUID such as 11111111-2222-3333-4444-555555555555; `lazuli role principals` lists them", ids[i])
		}
	}
}
