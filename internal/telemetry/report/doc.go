// Package report turns what the engines tell into telemetry: the same rows as Azure's
// services send to Application Insights, so that queries written for it find them.
//
// It never waits: what a component has no room for is counted there and lost.
package report
