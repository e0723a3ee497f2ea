package app

import (
	"context"
	"strings"
	"time"

	"github.com/lazuli-dev/lazuli/internal/arm"
	"github.com/lazuli-dev/lazuli/internal/arm/web"
	"github.com/lazuli-dev/lazuli/internal/identity"
)

// webProvider is function apps and their plans for Resource Manager.
func (e *env) webProvider() arm.Provider {
	return web.New(web.Config{
		Accounts: e.armAccounts(), Sites: e.Sites, People: e.Who, Functions: e.siteFunctions,
		Keys: func(name string) (web.Keys, error) {
			spec, _ := e.Sites.Get(name)
			return e.siteKeys(name, spec)
		},
	})
}

// functionsPatience is how long a list of functions waits for an app that is starting.
const functionsPatience = 20 * time.Second

// siteFunctions are the functions of a site, once its app runs or it is clear that it
// does not.
func (e *env) siteFunctions(ctx context.Context, name string) (all []web.Function) {
	ctx, cancel := context.WithTimeout(ctx, functionsPatience)
	defer cancel()
	e.siteSettled(ctx, name) // who is late gets what there is
	app := e.siteApp(name)
	if app == nil {
		return nil
	}
	for _, f := range app.host.Functions() {
		one := web.Function{Name: f.Name, Language: f.Language, Disabled: f.Disabled}
		for _, b := range f.Bindings {
			one.Bindings = append(one.Bindings, b)
		}
		if f.HTTP != nil {
			one.Route = strings.Trim(app.host.Config().HTTP.RoutePrefix+"/"+strings.Trim(f.HTTP.Route, "/"), "/")
		}
		all = append(all, one)
	}
	return all
}

// groupOf is a resource group as the catalogue has it.
func groupOf(name string) string {
	if strings.EqualFold(name, identity.Group) {
		return ""
	}
	return name
}
