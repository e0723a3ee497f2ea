package entra

import (
	"net/netip"
	"net/url"
	"slices"
	"strings"
)

// graph is what tokens are for that name no resource.
const graph = "00000003-0000-0000-c000-000000000000"

// resources are Azure's own, without the slash that some put at the end.
var resources = []string{
	graph, "https://graph.microsoft.com", "https://graph.windows.net",
	"https://eventhubs.azure.net", "https://servicebus.azure.net", "https://storage.azure.com", "https://cosmos.azure.com",
	"https://management.azure.com", "https://management.core.windows.net", "https://vault.azure.net",
	"https://appservice.azure.com", // with which az signs in to deployment doors
	"https://monitor.azure.com", "https://api.applicationinsights.io", "https://api.loganalytics.io",
}

// domains are those under which resources have names.
var domains = []string{
	".servicebus.windows.net", ".documents.azure.com", ".vault.azure.net", ".azurewebsites.net", ".azure-api.net",
	".blob.core.windows.net", ".queue.core.windows.net", ".table.core.windows.net", ".file.core.windows.net", ".dfs.core.windows.net",
}

// audience is what a token is for: the resource of a request of the first
// protocol, or the first scope of the second that is a resource's
// (RESOURCE/.default, RESOURCE/user_impersonation). v2 says that it is an
// application of the project, whose tokens have the second version's claims.
func (e *Issuer) audience(resource, scope string) (aud string, v2 bool, f *refusal) {
	if resource == "" {
		for _, s := range strings.Fields(scope) {
			if !slices.Contains([]string{"openid", "profile", "email", "offline_access"}, s) {
				resource = s[:max(strings.LastIndexByte(s, '/'), 0)]
				break
			}
		}
		if resource == "" && strings.TrimSpace(scope) != "" && !strings.Contains(scope, "/") {
			resource = graph // openid and the like alone
		}
	}
	if resource == "" {
		return "", false, refuse("invalid_request", 900144, "The request body must contain the following parameter: 'scope' (as in https://eventhubs.azure.net/.default) or 'resource'.")
	}
	if id, ok := strings.CutPrefix(resource, "api://"); ok || isGUID(resource) && resource != graph {
		p, err := e.cfg.Identity.Principal(id)
		if err != nil {
			return "", false, unknownResource(resource)
		}
		return p.AppID, true, nil
	}
	if !e.knownResource(strings.TrimSuffix(resource, "/")) {
		return "", false, unknownResource(resource)
	}
	return resource, false, nil
}

func unknownResource(name string) *refusal {
	return refuse("invalid_resource", 500011,
		"The resource principal named %s was not found in the tenant. It is neither an Azure service's, as https://eventhubs.azure.net, nor a name of this machine.", clip(name))
}

func (e *Issuer) knownResource(name string) bool {
	if slices.ContainsFunc(resources, func(r string) bool { return strings.EqualFold(r, name) }) {
		return true
	}
	u, err := url.Parse(name)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" && u.Scheme != "sb" || u.Host == "" || u.RawQuery != "" || u.User != nil {
		return false
	}
	host := strings.ToLower(u.Hostname())
	for _, d := range domains {
		if strings.HasSuffix(host, d) && len(host) > len(d) {
			return true
		}
	}
	if _, err := netip.ParseAddr(host); err == nil || host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	return e.cfg.Ours != nil && e.cfg.Ours(host)
}

// isGUID reports whether a text has the form of a GUID.
func isGUID(s string) bool {
	if len(s) != 36 {
		return false
	}
	for n, c := range []byte(s) {
		hyphen := n == 8 || n == 13 || n == 18 || n == 23
		if hyphen != (c == '-') || !hyphen && !strings.ContainsRune("0123456789abcdefABCDEF", rune(c)) {
			return false
		}
	}
	return true
}
