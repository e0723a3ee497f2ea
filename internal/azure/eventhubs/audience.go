package eventhubs

import "strings"

// resourcePath reduces an audience or a token's resource URI to the part that
// decides: the lower-cased entity path without scheme, host, port and outer
// slashes. The whole namespace is "".
//
// Clients differ in all the rest: amqps://host:port/hub (Go), amqp:// with the
// emulator flag, sb://host/hub (JavaScript, Python), host alone (portals and
// Go's token helper). Without a scheme the first segment is the host.
func resourcePath(uri string) string {
	if _, rest, ok := strings.Cut(uri, "://"); ok {
		uri = rest
	}
	_, path, _ := strings.Cut(uri, "/")
	if i := strings.IndexAny(path, "?#"); i >= 0 {
		path = path[:i]
	}
	return strings.ToLower(strings.Trim(path, "/"))
}

// covers reports whether scope is path itself or one of its parents. Both are
// resource paths; "" covers everything.
func covers(scope, path string) bool {
	if scope == "" || scope == path {
		return true
	}
	return strings.HasPrefix(path, scope) && path[len(scope)] == '/'
}

// hubOfPath returns the first segment of a resource path.
func hubOfPath(path string) string {
	hub, _, _ := strings.Cut(path, "/")
	return hub
}
