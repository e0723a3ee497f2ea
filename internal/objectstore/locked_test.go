package objectstore

import "testing"

// TestCustomersKeys: content is for who has the key that it was written with, by
// whichever way it would be read; what has none is read without.
func TestCustomersKeys(t *testing.T) {
	w := newWorld(t)
	w.put("open", "x")
	if _, err := w.tryPut("locked", "secret", Put{Encryption: Encryption{KeySHA256: "k"}}); err != nil {
		t.Fatal(err)
	}
	snapshot, err := w.a.Snapshot(t.Context(), at("locked"), nil, Conditions{})
	if err != nil {
		t.Fatal(err)
	}
	kept := at("locked")
	kept.Snapshot = snapshot.Snapshot
	for _, c := range []struct {
		at   Address
		key  string
		open bool
	}{
		{at("open"), "", true},
		{at("open"), "k", false},
		{at("locked"), "k", true},
		{at("locked"), "", false},
		{at("locked"), "o", false},
		{kept, "k", true},
		{kept, "", false},
	} {
		cond := Conditions{KeySHA256: c.key}
		content, err := w.a.Open(t.Context(), c.at, cond)
		_, err2 := w.a.CopyFrom(t.Context(), at("copy"), Source{w.a, c.at, cond}, CopyPut{})
		if c.open && (err != nil || err2 != nil) {
			t.Fatalf("%+v by %q: %v, %v", c.at, c.key, err, err2)
		}
		if content != nil {
			content.Close()
		}
		if !c.open {
			wantCode(t, err, BlobUsesCustomerSpecifiedEncryption)
			wantCode(t, err2, BlobUsesCustomerSpecifiedEncryption)
		}
	}
	if i, err := w.a.Properties(t.Context(), at("locked"), Conditions{}); err != nil || i.Encryption.KeySHA256 != "k" {
		t.Errorf("what is known of it: %+v, %v", i, err)
	}
}
