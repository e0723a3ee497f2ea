package identity

import "testing"

// TestScopesOfStorage: an account's services are named in short and in full.
func TestScopesOfStorage(t *testing.T) {
	i := open(t, &memory{}, project())
	account := i.Scope("Microsoft.Storage/storageAccounts", "sa")
	for short, full := range map[string]string{
		"storage/sa":              account,
		"storage/sa/blob/docs":    account + "/blobServices/default/containers/docs",
		"storage/sa/queue/work":   account + "/queueServices/default/queues/work",
		"storage/sa/table/People": account + "/tableServices/default/tables/People",
	} {
		if got, err := i.ParseScope(short); err != nil || got != full {
			t.Errorf("%s is %s, %v; want %s", short, got, err, full)
		}
		if got := i.Short(full); got != short {
			t.Errorf("%s is in short %s, want %s", full, got, short)
		}
	}
	for _, wrong := range []string{"storage", "storage/sa/docs", "storage/sa/blob", "storage/sa/blob/docs/x", "storage/sa/files/x"} {
		if got, err := i.ParseScope(wrong); err == nil {
			t.Errorf("%s is %s, want an error", wrong, got)
		}
	}
	deep := account + "/blobServices/default/containers/docs/blobs/x"
	if got := i.Short(deep); got != deep {
		t.Errorf("%s is in short %s", deep, got)
	}
}
