package vfs

import "testing"

func TestSyncPolicyText(t *testing.T) {
	for _, p := range []SyncPolicy{SyncAlways, SyncInterval, SyncNone} {
		if got, err := ParseSyncPolicy(p.String()); got != p || err != nil {
			t.Errorf("%v is read as %v, %v", p, got, err)
		}
	}
	if p, err := ParseSyncPolicy(""); p != SyncAlways || err != nil {
		t.Errorf("no text is read as %v, %v", p, err)
	}
	if _, err := ParseSyncPolicy("often"); err == nil {
		t.Error("often is read")
	}
}
