package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
)

// signIn asks DefaultAzureCredential for a token before a client needs one:
// clients ask without the verb's context and bury what the chain says.
func signIn(ctx context.Context, scope string) (azcore.TokenCredential, error) {
	chain, err := azidentity.NewDefaultAzureCredential(&azidentity.DefaultAzureCredentialOptions{
		ClientOptions: azcore.ClientOptions{Retry: httpRetries()},
	})
	if err != nil {
		return nil, err
	}
	c := &signedIn{chain: chain, scope: scope}
	c.first, err = c.fresh(ctx, policy.TokenRequestOptions{Scopes: []string{scope}})
	return c, err
}

// httpRetries gives up within seconds: a person waits.
func httpRetries() policy.RetryOptions {
	return policy.RetryOptions{MaxRetries: 2, RetryDelay: 200 * time.Millisecond, MaxRetryDelay: time.Second}
}

// signedIn is the credential with the token that signing in gave; some of its
// sources start a program for each token.
type signedIn struct {
	chain azcore.TokenCredential
	scope string
	first azcore.AccessToken
}

// tokenMargin is how long a token must still be good to be handed out again.
const tokenMargin = 5 * time.Minute

// GetToken implements azcore.TokenCredential.
func (c *signedIn) GetToken(ctx context.Context, o policy.TokenRequestOptions) (azcore.AccessToken, error) {
	same := len(o.Scopes) == 1 && o.Scopes[0] == c.scope && o.Claims == ""
	if same && time.Until(c.first.ExpiresOn) > tokenMargin {
		return c.first, nil
	}
	return c.fresh(ctx, o)
}

func (c *signedIn) fresh(ctx context.Context, o policy.TokenRequestOptions) (azcore.AccessToken, error) {
	token, err := c.chain.GetToken(ctx, o)
	switch {
	case err == nil:
		return token, nil
	case ctx.Err() != nil:
		return token, ctx.Err()
	}
	return token, &signInError{err}
}

// signInError is a failure of the credential chain, told in a few lines: the
// SDK's own text has pages of responses and links.
type signInError struct{ err error }

func (e *signInError) Unwrap() error { return e.err }

func (e *signInError) Error() string {
	tried := attempts(e.err.Error())
	var refused *azidentity.AuthenticationFailedError
	if !errors.As(e.err, &refused) {
		return "no Azure credential was found; sign in with `az login`, or set AZURE_TENANT_ID, AZURE_CLIENT_ID and " +
			"AZURE_CLIENT_SECRET, or use --connection-string\n  " + strings.Join(tried, "\n  ")
	}
	last := tried[len(tried)-1] // the chain ends where a credential exists and fails
	by, why, _ := strings.Cut(last, " ")
	if said := answerOf(refused.RawResponse); said != "" {
		why = said
	}
	by = strings.TrimSuffix(by, ":")
	return fmt.Sprintf("the Azure sign-in failed: %s: %s; %s", by, clip(why), remedy(by))
}

// remedy says what to try when a credential exists but gets no token.
func remedy(credential string) string {
	if credential == "ManagedIdentityCredential" {
		return "on Azure, AZURE_CLIENT_ID names the identity; elsewhere, AZURE_TOKEN_CREDENTIALS=dev goes straight to `az login`"
	}
	return "check AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET, or set AZURE_TOKEN_CREDENTIALS=dev to use `az login`"
}

// attempts takes one short line for each credential out of the chain's text,
// where those lines begin with one tab and their details with two. A line that
// ends in a colon is completed by its first detail. Text of another shape gives
// its first line: there is always one.
func attempts(text string) []string {
	var tried []string
	for line := range strings.Lines(text) {
		said, ok := strings.CutPrefix(strings.TrimRight(line, "\r\n"), "\t")
		detail, isDetail := strings.CutPrefix(said, "\t")
		last := len(tried) - 1
		switch {
		case ok && !isDetail:
			tried = append(tried, firstSentence(said))
		case isDetail && last >= 0 && strings.HasSuffix(tried[last], ":"):
			tried[last] = clip(tried[last] + " " + firstSentence(detail))
		}
	}
	if tried == nil {
		line, _, _ := strings.Cut(text, "\n")
		tried = []string{firstSentence(line)}
	}
	return tried
}

func firstSentence(s string) string {
	s, _, _ = strings.Cut(s, ". ")
	return clip(strings.TrimSuffix(strings.TrimSpace(s), "."))
}

// longestReason bounds what is told of one credential, in bytes.
const longestReason = 300

func clip(s string) string {
	if len(s) <= longestReason {
		return s
	}
	return strings.ToValidUTF8(s[:longestReason], "") + "…"
}

// answerOf returns what a token endpoint said, "" when nothing useful.
func answerOf(r *http.Response) string {
	if r == nil {
		return ""
	}
	var answer struct {
		Description string `json:"error_description"`
		Message     string `json:"message"`
		Error       any    `json:"error"`
	}
	body, err := runtime.Payload(r)
	if err != nil || json.Unmarshal(body, &answer) != nil {
		return r.Status
	}
	code, _ := answer.Error.(string)
	for _, text := range []string{answer.Description, answer.Message, code} {
		if line, _, _ := strings.Cut(text, "\n"); strings.TrimSpace(line) != "" {
			return r.Status + ": " + strings.TrimSpace(line)
		}
	}
	return r.Status
}
