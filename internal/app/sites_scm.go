package app

import (
	"errors"
	"net/http"

	azfunctions "github.com/lazuli-dev/lazuli/internal/azure/functions"
	"github.com/lazuli-dev/lazuli/internal/azure/scm"
	"github.com/lazuli-dev/lazuli/internal/door"
	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/instance"
	"github.com/lazuli-dev/lazuli/internal/resource"
)

// typeSCM is the route of the deployment doors of sites.
const typeSCM = "Microsoft.Web/sites/scm"

// publishAction is what deploying to a site is called in roles.
const publishAction = "Microsoft.Web/sites/publish/Action"

// deploymentDoor is who answers for NAME.scm.azurewebsites.net, and the name.
func (e *env) deploymentDoor() (door.Route, suffix) {
	service := scm.New(scm.Config{Sites: e.Sites, Bearer: e.mayPublish, Log: e.Log.With("component", "deployments")})
	route := door.Route{
		Type: typeSCM, Restrict: e.restrict(scmRules), Denied: siteDenied,
		HTTP: func(a resource.Account) http.Handler { return scmFront{service.Of(a.Name)} },
	}
	return route, suffix{domain: "scm.azurewebsites.net", typ: resource.Sites, route: typeSCM, service: instance.FunctionsPrefix}
}

// scmFront is the deployment door of one site. Whom an access restriction keeps out, App
// Service's front end tells so before Kudu is asked: the answer is the app's own door's.
type scmFront struct{ kudu http.Handler }

// ServeHTTP implements http.Handler.
func (f scmFront) ServeHTTP(w http.ResponseWriter, r *http.Request) { f.kudu.ServeHTTP(w, r) }

// Refuse implements door.Refuser.
func (f scmFront) Refuse(w http.ResponseWriter, r *http.Request, err error) {
	var kept *azfunctions.IPForbidden
	if own, ok := f.kudu.(door.Refuser); ok && !errors.As(err, &kept) {
		own.Refuse(w, r, err)
		return
	}
	azfunctions.Refuse(w, r, err)
}

// mayPublish says who a token is, and whether he may deploy to a site.
func (e *env) mayPublish(token, site string) (string, error) {
	caller, _, err := e.Issuer.Verify(token, []string{"https://management.azure.com", "https://management.core.windows.net", "https://appservice.azure.com", "https://" + site + ".scm.azurewebsites.net"})
	if err != nil {
		return "", fault.Wrap(fault.Unauthorized, "", err, "the bearer token")
	}
	return caller.Name, e.Who.Check(caller, publishAction, e.Who.Scope(resource.Sites, site))
}
