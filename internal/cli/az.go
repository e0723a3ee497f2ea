package cli

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/spf13/cobra"

	"github.com/lazuli-dev/lazuli/internal/azcli"
	"github.com/lazuli-dev/lazuli/internal/instance"
	"github.com/lazuli-dev/lazuli/internal/outside"
)

// azName is the verb of the stand-in for az, and the program that it stands in for.
const azName = "az"

// newAzCmd answers as az does. `lazuli exec` puts it on PATH where there is no az.
func newAzCmd(s *session) *cobra.Command {
	return &cobra.Command{
		Use:                azName,
		Short:              "Answer as the Azure command line, where that is not installed",
		Hidden:             true,
		DisableFlagParsing: true, // all words are az's
		RunE: func(cmd *cobra.Command, args []string) error {
			status := azcli.Run(cmd.Context(), args, azcli.Stdio{Out: s.data, Err: s.err}, s.azure)
			if status != exitOK {
				return &azError{status}
			}
			return nil
		},
	}
}

// azError is a call of az's that failed and has said why.
type azError struct{ status int }

func (e *azError) Error() string { return fmt.Sprintf("az ended with status %d", e.status) }

// azure is the running lazuli as az reaches it.
func (s *session) azure() (*azcli.Azure, error) {
	info, err := s.instance()
	if err != nil {
		return nil, err
	}
	if info.Subscription == "" {
		return nil, errors.New("this project has no Resource Manager, which az asks; start it with `lazuli up --arm`, or write arm: true into lazuli.yaml")
	}
	who, err := newDeveloper(info)
	if err != nil {
		return nil, err
	}
	trust, err := trusting(info.CAFile)
	if err != nil {
		return nil, err
	}
	client := httpClient(trust)
	client.Transport.(*http.Transport).DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		host, _, err := net.SplitHostPort(address)
		if err != nil {
			return nil, err
		}
		to := byName(now(info), host)
		if to == "" {
			return nil, fmt.Errorf("%s is not this lazuli's, and this stand-in for az reaches nothing else", host)
		}
		return (&net.Dialer{}).DialContext(ctx, network, reachable(to))
	}
	token := func(ctx context.Context, resource string) (string, time.Time, error) {
		t, err := who.GetToken(ctx, policy.TokenRequestOptions{Scopes: []string{resource}})
		return t.Token, t.ExpiresOn, err
	}
	return &azcli.Azure{Client: client, Token: token, Subscription: info.Subscription, Tenant: info.Tenant, Name: info.Name}, nil
}

// standIns are programs for who has none of their name.
func standIns(info instance.Info) ([]outside.StandIn, error) {
	if info.Subscription == "" {
		return nil, nil
	}
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	return []outside.StandIn{{
		Name: azName, Command: []string{self, azName},
		Note: "there is no az on this machine: a stand-in answers the commonest calls",
	}}, nil
}
