// Package credential is who a function app is to services of other processes, by the
// identity settings of a connection, as Azure's host reads them:
//
//	X__clientId, X__tenantId, X__clientSecret   an application with its secret
//	X__credential=managedidentity               the machine's identity, or the one of X__clientId
//	none of these                               DefaultAzureCredential: the environment, the machine's
//	                                            identity, the developer's sign-in with Azure's tools
package credential

import (
	"strings"
	"sync"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/host/settings"
)

// Store has one credential for each identity, so that its tokens are shared by all
// clients. Its methods may be called at the same time. The zero value is ready.
type Store struct {
	mu   sync.Mutex
	made map[settings.Identity]azcore.TokenCredential // guarded by mu
}

// Of is who a connection says the app is. It asks nobody for a token yet.
func (s *Store) Of(c settings.Connection) (azcore.TokenCredential, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if made, ok := s.made[c.Identity]; ok {
		return made, nil
	}
	made, err := newCredential(c)
	if err != nil {
		return nil, err
	}
	if s.made == nil {
		s.made = map[settings.Identity]azcore.TokenCredential{}
	}
	s.made[c.Identity] = made
	return made, nil
}

func newCredential(c settings.Connection) (azcore.TokenCredential, error) {
	id, opts := c.Identity, options()
	switch {
	case id.ClientSecret != "" && (id.ClientID == "" || id.TenantID == ""):
		return nil, fault.New(fault.Invalid, "setting "+c.Setting, "a clientSecret needs a clientId and a tenantId beside it")
	case id.ClientSecret != "":
		return azidentity.NewClientSecretCredential(id.TenantID, id.ClientID, id.ClientSecret, &azidentity.ClientSecretCredentialOptions{ClientOptions: opts})
	case strings.EqualFold(id.Credential, "managedidentity"):
		managed := &azidentity.ManagedIdentityCredentialOptions{ClientOptions: opts}
		if id.ClientID != "" {
			managed.ID = azidentity.ClientID(id.ClientID)
		}
		return azidentity.NewManagedIdentityCredential(managed)
	case id.Credential != "":
		return nil, fault.New(fault.Invalid, "setting "+c.Setting, "credential is %q; what it may be is managedidentity", id.Credential)
	}
	return azidentity.NewDefaultAzureCredential(&azidentity.DefaultAzureCredentialOptions{ClientOptions: opts, TenantID: id.TenantID})
}

// options give up within seconds: whoever asks tries again and says why.
func options() azcore.ClientOptions {
	return azcore.ClientOptions{
		Retry:     policy.RetryOptions{MaxRetries: 2, RetryDelay: 200 * time.Millisecond, MaxRetryDelay: 2 * time.Second},
		Telemetry: policy.TelemetryOptions{ApplicationID: "lazuli"},
	}
}
