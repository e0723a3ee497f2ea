// Package sdk has what Go's management SDKs do with Resource Manager, under the build
// tag unserved: it is no part of a test run before the types are served.
package sdk
