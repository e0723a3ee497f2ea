package changefeed

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
)

// resource is what a request is for, which is part of its signature.
type resource struct{ kind, link string }

// keyPolicy signs requests with a key of the account, as the service's reference says
// under "Access control on Azure Cosmos DB resources".
type keyPolicy struct{ key []byte }

func newKeyPolicy(key string) (*keyPolicy, error) {
	decoded, err := base64.StdEncoding.DecodeString(key)
	if err != nil {
		return nil, errors.New("changefeed: the key is not base64") // what it is must not appear
	}
	return &keyPolicy{decoded}, nil
}

// Do implements policy.Policy.
func (p *keyPolicy) Do(req *policy.Request) (*http.Response, error) {
	var what resource
	if !req.OperationValue(&what) {
		return nil, errors.New("changefeed: a request that says not what it is for")
	}
	date := time.Now().UTC().Format(http.TimeFormat)
	mac := hmac.New(sha256.New, p.key)
	mac.Write([]byte(strings.ToLower(req.Raw().Method) + "\n" + what.kind + "\n" + what.link + "\n" + strings.ToLower(date) + "\n\n"))
	signature := base64.StdEncoding.EncodeToString(mac.Sum(nil))
	req.Raw().Header.Set(headerDate, date)
	req.Raw().Header.Set("Authorization", url.QueryEscape("type=master&ver=1.0&sig="+signature))
	return req.Next()
}

// tokenPolicy sends a token of Entra ID in the form of this service. Credentials keep
// tokens themselves until they end.
type tokenPolicy struct {
	cred  azcore.TokenCredential
	scope string
}

// Do implements policy.Policy.
func (p *tokenPolicy) Do(req *policy.Request) (*http.Response, error) {
	token, err := p.cred.GetToken(req.Raw().Context(), policy.TokenRequestOptions{Scopes: []string{p.scope}})
	if err != nil {
		return nil, err
	}
	req.Raw().Header.Set("Authorization", url.QueryEscape("type=aad&ver=1.0&sig="+token.Token))
	return req.Next()
}
