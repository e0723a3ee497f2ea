package settings

import (
	"maps"
	"slices"
	"strings"
	"testing"
)

// TestYield: what lazuli gave to the environment counts less than an identity connection
// of the app's own, and nothing else does.
func TestYield(t *testing.T) {
	for _, c := range []struct {
		name          string
		environ, want string // names, with commas between
		given         string
		own           map[string]string
	}{
		{"an app without one", "AzureWebJobsStorage,Hub,X", "AzureWebJobsStorage,Hub,X", "AzureWebJobsStorage,Hub", nil},
		{"of an account's name", "AzureWebJobsStorage,Hub,X", "Hub,X", "AzureWebJobsStorage,Hub", map[string]string{"AzureWebJobsStorage__accountName": "contososa"}},
		{"of an address, written otherwise", "AzureWebJobsStorage,Hub,X", "AzureWebJobsStorage,X", "AzureWebJobsStorage,Hub", map[string]string{"hub:FULLYQUALIFIEDNAMESPACE": "contoso.servicebus.windows.net"}},
		{"one of the app's own that is a string", "AzureWebJobsStorage", "AzureWebJobsStorage", "AzureWebJobsStorage", map[string]string{"AzureWebJobsStorage": "UseDevelopmentStorage=true", "AzureWebJobsStorage__accountName": "contososa"}},
		{"a person's", "AzureWebJobsStorage", "AzureWebJobsStorage", "", map[string]string{"AzureWebJobsStorage__accountName": "contososa"}},
		{"an identity without an address", "Hub", "Hub", "Hub", map[string]string{"Hub__credential": "managedidentity"}},
	} {
		environ := map[string]string{Given: c.given}
		for name := range strings.SplitSeq(c.environ, ",") {
			environ[name] = "v"
		}
		Yield(environ, nil, c.own)
		if got := strings.Join(slices.Sorted(maps.Keys(environ)), ","); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}
