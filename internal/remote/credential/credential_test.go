package credential

import (
	"fmt"
	"strings"
	"testing"

	"github.com/lazuli-dev/lazuli/internal/host/settings"
)

// TestOf: which credential each form of identity settings makes, and that one identity
// has one.
func TestOf(t *testing.T) {
	var s Store
	for _, c := range []struct {
		id   settings.Identity
		want string
	}{
		{settings.Identity{ClientID: "id", TenantID: "11111111-1111-1111-1111-111111111111", ClientSecret: "hush"}, "*azidentity.ClientSecretCredential"},
		{settings.Identity{Credential: "managedidentity"}, "*azidentity.ManagedIdentityCredential"},
		{settings.Identity{Credential: "ManagedIdentity", ClientID: "id"}, "*azidentity.ManagedIdentityCredential"},
		{settings.Identity{}, "*azidentity.DefaultAzureCredential"},
		{settings.Identity{ClientSecret: "hush"}, "needs a clientId and a tenantId"},
		{settings.Identity{Credential: "workload"}, "what it may be is managedidentity"},
	} {
		conn := settings.Connection{Setting: "S__serviceUri", Identity: c.id}
		made, err := s.Of(conn)
		got := fmt.Sprintf("%T", made)
		if err != nil {
			got = err.Error()
		}
		if !strings.Contains(got, c.want) || strings.Contains(got, "hush") {
			t.Errorf("%+v: %s, want %s", c.id, got, c.want)
		}
		if again, _ := s.Of(conn); err == nil && again != made {
			t.Errorf("%+v: another credential the second time", c.id)
		}
	}
}
