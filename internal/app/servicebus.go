package app

import (
	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"

	"github.com/lazuli-dev/lazuli/internal/end/servicebus"
	"github.com/lazuli-dev/lazuli/internal/host/output"
	"github.com/lazuli-dev/lazuli/internal/host/settings"
	"github.com/lazuli-dev/lazuli/internal/host/trigger"
)

// serviceBusNamespaces is what functions may name of Service Bus, which is elsewhere.
func serviceBusNamespaces(*env) (parts, error) {
	end := servicebus.End{Credential: signIn}
	return parts{Triggers: trigger.Table{end.Trigger()}, Outputs: output.Table{end.Output()}}, nil
}

// signIn is how the identity of a connection signs in at Azure.
func signIn(c settings.Connection) (azcore.TokenCredential, error) {
	id := c.Identity
	switch {
	case id.ClientSecret != "":
		return azidentity.NewClientSecretCredential(id.TenantID, id.ClientID, id.ClientSecret, nil)
	case id.Credential == "managedidentity" && id.ClientID != "":
		return azidentity.NewManagedIdentityCredential(&azidentity.ManagedIdentityCredentialOptions{ID: azidentity.ClientID(id.ClientID)})
	case id.Credential == "managedidentity":
		return azidentity.NewManagedIdentityCredential(nil)
	}
	return azidentity.NewDefaultAzureCredential(nil)
}
