package cli

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
	"github.com/Azure/azure-sdk-for-go/sdk/data/azcosmos"

	"github.com/lazuli-dev/lazuli/internal/connect"
	"github.com/lazuli-dev/lazuli/internal/instance"
)

// cosmos opens a client of the account to ask. heard notes its refusals.
func (o *queryOptions) cosmos(ctx context.Context, s *session, heard *lastRefusal) (*azcosmos.Client, error) {
	opts := &azcosmos.ClientOptions{ClientOptions: azcore.ClientOptions{
		Retry:           httpRetries(),
		PerCallPolicies: []policy.Policy{heard},
	}}
	switch {
	case o.endpoint != "":
		return entraCosmos(ctx, o.endpoint, opts)
	case o.connection != "":
		if err := trustLocal(opts, accountEndpoint(o.connection)); err != nil {
			return nil, err
		}
		return azcosmos.NewClientFromConnectionString(o.connection, opts)
	}
	info, err := s.instance()
	if err != nil {
		return nil, orAzure(err)
	}
	local, err := connect.Of(info, connect.Choice{Account: o.account})
	if err != nil {
		return nil, err
	}
	return localCosmos(info, local, opts)
}

// entraCosmos opens a client of an account with DefaultAzureCredential.
func entraCosmos(ctx context.Context, endpoint string, opts *azcosmos.ClientOptions) (*azcosmos.Client, error) {
	u, err := url.Parse(endpoint)
	if err != nil || u.Scheme != "https" || u.Host == "" {
		return nil, fmt.Errorf("--endpoint %s: a token goes to an https:// address only, as https://NAME.documents.azure.com/", endpoint)
	}
	if err := trustLocal(opts, u.Host); err != nil {
		return nil, err
	}
	cred, err := signIn(ctx, "https://"+u.Hostname()+"/.default") // as the SDK asks for it
	if err != nil {
		return nil, err
	}
	return azcosmos.NewClient(endpoint, cred, opts)
}

// trustLocal makes the client trust a lazuli of this machine, if that is what
// listens at the address.
func trustLocal(opts *azcosmos.ClientOptions, address string) error {
	trust, err := localTLS(address)
	if trust != nil {
		opts.Transport = httpClient(trust)
	}
	return err
}

// accountEndpoint is the host and port of a connection string.
func accountEndpoint(connection string) string {
	for field := range strings.SplitSeq(connection, ";") {
		if name, value, _ := strings.Cut(field, "="); strings.EqualFold(strings.TrimSpace(name), "AccountEndpoint") {
			return hostOf(strings.TrimSpace(value))
		}
	}
	return ""
}

// localCosmos opens a client of an account of a lazuli that runs here, whatever
// the account's name leads to elsewhere: with its key, or as the developer where
// keys open nothing.
func localCosmos(info instance.Info, local connect.Facts, opts *azcosmos.ClientOptions) (*azcosmos.Client, error) {
	trust, err := trusting(local.CAFile)
	if err != nil {
		return nil, err
	}
	client := httpClient(trust)
	client.Transport.(*http.Transport).DialContext = func(ctx context.Context, network, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, network, local.CosmosAt)
	}
	opts.Transport = client
	if local.Cosmos != "" {
		return azcosmos.NewClientFromConnectionString(local.Cosmos, opts)
	}
	who, err := newDeveloper(info)
	if err != nil {
		return nil, err
	}
	return azcosmos.NewClient("https://"+local.AccountHost+":443/", who, opts)
}

// httpClient speaks to a lazuli of this machine, past any proxy.
func httpClient(trust *tls.Config) *http.Client {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.Proxy = nil
	t.TLSClientConfig = trust
	return &http.Client{Transport: t}
}

// lastRefusal is a pipeline policy that keeps the last response that was an
// error. The SDK reads the account before the first query, and passes on only
// the text of what goes wrong there.
type lastRefusal struct {
	response atomic.Pointer[azcore.ResponseError]
}

// Do implements policy.Policy.
func (l *lastRefusal) Do(req *policy.Request) (*http.Response, error) {
	resp, err := req.Next()
	var refused *azcore.ResponseError
	if err == nil && resp.StatusCode >= http.StatusBadRequest && errors.As(runtime.NewResponseError(resp), &refused) {
		l.response.Store(refused)
	}
	return resp, err
}
