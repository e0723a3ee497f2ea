// Package arm is the wire of Azure Resource Manager: what azurerm, az and the
// management SDKs ask at management.azure.com.
//
//	GET  /metadata/endpoints                          of the cloud, also behind two slashes
//	GET  /tenants, /subscriptions[/S], /providers, …/locations
//	     /subscriptions/S/resourceGroups/G            groups, and what is in them
//	     {scope}/providers/P/T/N…                     resources, collections, actions, operations
//	GET  /v1.0/…                                      the little of Graph that they ask
//
// Every api-version is taken. Every path is answered: what is not served is refused
// with 404 or 501 by name, because clients repeat other 5xx for half an hour.
// Resources and what they mean are internal/arm; who asks is the local issuer's
// business, and what they may internal/identity's.
//
// Left out: templates and deployments, management groups, policy, resource moves,
// billing, batch.
package arm
