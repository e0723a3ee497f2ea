// Package entra is the wire of the local Entra ID: what clients ask for tokens,
// and Verify, which says who a token is.
//
//	POST /{tenant}/oauth2/token, …/v2.0/token       client_credentials (secret, certificate, federated
//	                                                token), authorization_code, device_code, refresh_token
//	GET  /{tenant}[/v2.0]/.well-known/openid-configuration, /{tenant}/discovery[/v2.0]/keys
//	GET  /{tenant}/oauth2[/v2.0]/authorize, POST …/devicecode, /devicelogin
//	GET  /common/discovery/instance
//	GET  /msi/token                                 managed identity, App Service's form
//	GET  /metadata/identity/oauth2/token            managed identity, the instance metadata form
//
// {tenant} is the tenant's GUID, common, organizations or adfs: all mean the
// one local tenant. (MSAL asks login.microsoftonline.com whether an authority
// exists, unless its first segment is adfs.)
//
// Access tokens are JWTs signed with RS256 by keys of the data folder, which
// rotate; the claims are those of Azure's v1 tokens, which is what Azure's own
// resources get, whichever endpoint was asked. The developer signs in by a
// button on a page that only this machine reaches: there is no password.
//
// Left out: implicit and hybrid flows, the password grant, on-behalf-of, logout.
package entra
