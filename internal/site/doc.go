// Package site is the life of function apps that come and go while the instance runs:
// those that are made by Resource Manager and deployed to, as on Azure, rather than
// declared in the project file.
//
// The one idea: a Spec says what a site should be, and a keeper per site brings it
// about. It finds the package, unpacks it beside what runs, has an app made over the
// folder, runs it, and begins anew when the Spec changes or somebody deploys.
//
//	Put, Restart, Deploy ──▶ keeper: package ─▶ folder ─▶ App.Run
//	                            ▲ what is wrong is tried again, sooner when a role changes
//
// The room knows no wire and no functions host: what makes an app of a folder, and what
// fetches a package from a container of blobs, is given. On disk a site has
//
//	NAME/data/SitePackages/*.zip, packagename.txt   packages, as Kudu leaves them
//	NAME/code/SHA256                                what the one that runs holds, unpacked
//	NAME/deployments/ID.json                        what was deployed, with its log
//	NAME/build                                      what is made of it (environments)
package site
