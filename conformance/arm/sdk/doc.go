// Package sdk runs Go's management SDKs, unmodified, against lazuli's Resource Manager.
package sdk
