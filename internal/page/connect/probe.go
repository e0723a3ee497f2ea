package connect

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/data/azcosmos"
	"github.com/Azure/azure-sdk-for-go/sdk/messaging/azeventhubs/v2"

	"github.com/lazuli-dev/lazuli/internal/connect"
)

// probe reaches a thing as its clients do, through the vendor's own SDK where
// there is one, and changes nothing.
func probe(ctx context.Context, f connect.Facts, t connect.Thing, secret string) (Tested, error) {
	switch t.Kind {
	case "hub":
		return probeHub(ctx, f, t)
	case "container":
		return probeContainer(ctx, f, t)
	case "blobs", "queue", "table":
		return probeStorage(ctx, f, t)
	case "gateway":
		return probeGateway(ctx, f, t)
	case "manager":
		return probeHTTP(ctx, f, f.Manager+"/metadata/endpoints?api-version=2022-09-01", "")
	case "function":
		u, err := url.Parse(t.URL)
		if err != nil {
			return Tested{Target: t.URL}, err
		}
		return probeHTTP(ctx, f, u.Scheme+"://"+u.Host+"/", "") // the app: the function is not run
	}
	return probeHTTP(ctx, f, f.Portal+"/api/summary", secret)
}

func probeHub(ctx context.Context, f connect.Facts, t connect.Thing) (out Tested, err error) {
	out.Target = "sb://" + f.EventHubsHost
	options := &azeventhubs.ProducerClientOptions{RetryOptions: azeventhubs.RetryOptions{MaxRetries: -1}}
	if f.Namespace != "" { // its own name leads elsewhere for us
		transport, err := trusting(f.CAFile)
		if err != nil {
			return out, err
		}
		options.CustomEndpoint, options.TLSConfig = f.EventHubsAt, transport.TLSClientConfig
		options.TLSConfig.ServerName = f.EventHubsHost
	}
	client, err := azeventhubs.NewProducerClientFromConnectionString(f.EventHubs, t.Hub, options)
	if err != nil {
		return out, err
	}
	defer client.Close(context.WithoutCancel(ctx))
	properties, err := client.GetEventHubProperties(ctx, nil)
	out.Count = len(properties.PartitionIDs)
	return out, err
}

// probeGateway asks the gateway whether it is there: no API is called.
func probeGateway(ctx context.Context, f connect.Facts, t connect.Thing) (Tested, error) {
	u, err := url.Parse(t.URL)
	if err != nil {
		return Tested{Target: t.URL}, err
	}
	if t.Gateway != "" { // its own name leads elsewhere for us
		u, err = url.Parse("http://" + f.GatewayAt)
	}
	if err != nil {
		return Tested{Target: t.URL}, err
	}
	return probeHTTP(ctx, f, u.Scheme+"://"+u.Host+"/status-0123456789abcdef", "")
}

func probeContainer(ctx context.Context, f connect.Facts, t connect.Thing) (out Tested, err error) {
	out.Target = f.CosmosEndpoint
	transport, err := trusting(f.CAFile)
	if err != nil {
		return out, err
	}
	defer transport.CloseIdleConnections()
	transport.DialContext = func(ctx context.Context, network, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, network, f.CosmosAt)
	}
	client, err := azcosmos.NewClientFromConnectionString(f.Cosmos, &azcosmos.ClientOptions{ClientOptions: azcore.ClientOptions{
		Transport: &http.Client{Transport: transport}, Retry: policy.RetryOptions{MaxRetries: -1},
	}})
	if err != nil {
		return out, err
	}
	container, err := client.NewContainer(t.Database, t.Container)
	if err != nil {
		return out, err
	}
	answer, err := container.Read(ctx, nil)
	if err == nil {
		out.Count = answer.RawResponse.StatusCode
	}
	return out, err
}

func probeHTTP(ctx context.Context, f connect.Facts, address, bearer string) (out Tested, err error) {
	out.Target = address
	transport, err := trusting(f.CAFile)
	if err != nil {
		return out, err
	}
	defer transport.CloseIdleConnections()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return out, err
	}
	if bearer != "" {
		req.Header.Set("Authorization", "Bearer "+bearer)
	}
	res, err := transport.RoundTrip(req)
	if err != nil {
		return out, err
	}
	defer res.Body.Close()
	_, err = io.Copy(io.Discard, io.LimitReader(res.Body, 1<<20))
	out.Count = res.StatusCode
	if err == nil && bearer != "" && res.StatusCode != http.StatusOK {
		err = fmt.Errorf("it answered %s", res.Status)
	}
	return out, err
}

// trusting is a transport that trusts the local authority.
func trusting(file string) (*http.Transport, error) {
	authority, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(authority)
	return &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}}, nil
}
