package storage

import (
	"time"
)

// Newest is the version of a request that names none: the newest that the services
// answer by. Every well-formed version is accepted, and all mean the same here.
const Newest = "2026-12-06"

// readVersion picks the version of a request: its header, the parameter api-version,
// the version of its SAS, the service's default, the newest.
func (r *Request) readVersion(fallback string) error {
	v := r.Header("X-Ms-Version")
	named := v != ""
	if v == "" {
		v = r.Query.Get("api-version")
	}
	if v == "" && r.Query.Has("sig") {
		v = r.Query.Get("sv")
	}
	if v == "" {
		v = fallback
	}
	if v == "" {
		v = Newest
	}
	r.Version = v
	if wellFormed(v) {
		return nil
	}
	r.Version = Newest // an odd text is not echoed
	if named {
		return InvalidHeader("x-ms-version", v)
	}
	return Fail("InvalidQueryParameterValue").With("Reason", "The version is not a date YYYY-MM-DD.")
}

func wellFormed(version string) bool {
	_, err := time.Parse(time.DateOnly, version)
	return err == nil
}
