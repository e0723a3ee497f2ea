// Package functions is the HTTP face of a function app: the routes of its HTTP
// triggers and the /admin API that tools such as VS Code and this program's
// own CLI use.
//
// The one idea: everything that Azure's front end decides about a request
// (route, method, key, limits, CORS) is decided here, and the rest is
// host.ServeFunction. Keys are off unless Config.Auth is set, as with Azure's
// local tools. OpenAPI documents and webhooks of extensions are not here.
package functions
