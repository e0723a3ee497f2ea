package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"

	"github.com/lazuli-dev/lazuli/internal/connect"
	"github.com/lazuli-dev/lazuli/internal/instance"
)

// developer is whoever runs the instance, who owns what is in it: what our own
// commands are where keys open nothing. It asks the instance's managed identity
// endpoint, whose secret the instance file holds.
type developer struct{ endpoint, header string }

func newDeveloper(info instance.Info) (*developer, error) {
	d := &developer{}
	for _, v := range connect.Identity(info) {
		switch v.Name {
		case "IDENTITY_ENDPOINT":
			d.endpoint = v.Value
		case "IDENTITY_HEADER":
			d.header = v.Value
		}
	}
	if d.endpoint == "" {
		return nil, fmt.Errorf("keys open nothing there (disableLocalAuth), and the running lazuli gives no tokens")
	}
	return d, nil
}

// GetToken implements azcore.TokenCredential.
func (d *developer) GetToken(ctx context.Context, o policy.TokenRequestOptions) (azcore.AccessToken, error) {
	resource := strings.TrimSuffix(strings.Join(o.Scopes, ""), "/.default")
	q := url.Values{"api-version": {"2019-08-01"}, "resource": {resource}}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, d.endpoint+"?"+q.Encode(), nil)
	if err != nil {
		return azcore.AccessToken{}, err
	}
	req.Header.Set("X-IDENTITY-HEADER", d.header)
	resp, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(req)
	if err != nil {
		return azcore.AccessToken{}, err
	}
	defer resp.Body.Close()
	var answer struct {
		Token   string `json:"access_token"`
		Expires string `json:"expires_on"`
	}
	data, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("the running lazuli gives no token: %s", resp.Status)
	}
	if err == nil {
		err = json.Unmarshal(data, &answer)
	}
	if err != nil {
		return azcore.AccessToken{}, err
	}
	seconds, err := strconv.ParseInt(answer.Expires, 10, 64)
	return azcore.AccessToken{Token: answer.Token, ExpiresOn: time.Unix(seconds, 0)}, err
}
