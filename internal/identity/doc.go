// Package identity is who may do what on what.
//
// It holds principals (the developer, the identities of function apps,
// user-assigned identities, applications), the built-in role definitions with
// their actions and data actions, and role assignments at scopes. The one
// question is Check: may this caller do this action there? A caller is what the
// issuer (internal/azure/entra) found in a token; scopes are Azure resource ids.
//
// A principal may do an action at a scope when one of its assignments has a
// scope that is the asked one or above it, by segments and without case, and a
// role that allows the action. Owner and Contributor allow no data actions, as
// on Azure. Nothing denies: there are no deny assignments here.
//
// Everything that lasts is one text, saved whole at each change, so a crash
// leaves it before or after. The package knows no wire, no secret and no engine.
package identity
