package vfs

import "fmt"

// SyncPolicy says when what is written counts as stored. The logs and the
// key-value store keep it alike.
type SyncPolicy uint8

// The policies.
const (
	// SyncAlways syncs before a write is acknowledged: nothing acknowledged is
	// lost when the power goes off.
	SyncAlways SyncPolicy = iota
	// SyncInterval acknowledges at once and syncs soon after. Nothing is lost
	// when the process dies; the power going off may cost the newest writes.
	SyncInterval
	// SyncNone leaves syncing to the operating system.
	SyncNone
)

var syncNames = [...]string{SyncAlways: "always", SyncInterval: "interval", SyncNone: "none"} // never changed

// String returns the policy as settings write it.
func (p SyncPolicy) String() string { return syncNames[p] }

// ParseSyncPolicy is the inverse of SyncPolicy.String; "" is always.
func ParseSyncPolicy(s string) (SyncPolicy, error) {
	if s == "" {
		return SyncAlways, nil
	}
	for p, name := range syncNames {
		if s == name {
			return SyncPolicy(p), nil
		}
	}
	return 0, fmt.Errorf("sync policy %q is none of always, interval, none", s)
}
