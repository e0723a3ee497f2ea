package cli

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/lazuli-dev/lazuli/internal/config"
)

// scriptIdentity starts an App Service managed identity endpoint, as azidentity
// finds it by IDENTITY_ENDPOINT and IDENTITY_HEADER, and sets both.
func scriptIdentity(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) > 0 {
		ts.Fatalf("usage: identity")
	}
	const header = "the header that App Service gives its apps"
	server := httptest.NewServer(identityEndpoint(header))
	ts.Defer(server.Close)
	ts.Setenv("IDENTITY_ENDPOINT", server.URL)
	ts.Setenv("IDENTITY_HEADER", header)
}

// identityEndpoint gives a token for the two services to the system-assigned
// identity, and refuses everything else.
func identityEndpoint(header string) http.Handler {
	resources := []string{"https://eventhubs.azure.net/", "https://localhost"}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		switch {
		case r.Header.Get("X-IDENTITY-HEADER") != header:
			refuseIdentity(w, http.StatusUnauthorized, "the identity header is wrong")
		case q.Get("client_id") != "":
			refuseIdentity(w, http.StatusBadRequest, "no managed identity has the client id "+q.Get("client_id"))
		case !slices.Contains(resources, q.Get("resource")):
			refuseIdentity(w, http.StatusBadRequest, "unknown resource "+q.Get("resource"))
		default:
			expires := time.Now().Add(time.Hour)
			_ = json.NewEncoder(w).Encode(map[string]string{
				"access_token": emulatorToken(expires),
				"expires_on":   strconv.FormatInt(expires.Unix(), 10),
				"resource":     q.Get("resource"),
				"token_type":   "Bearer",
			})
		}
	})
}

func refuseIdentity(w http.ResponseWriter, status int, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{"statusCode": status, "message": message})
}

// emulatorToken is a JWT as the Cosmos DB emulator takes it: the account's key
// stands where a signature would be.
func emulatorToken(expires time.Time) string {
	b64 := base64.RawURLEncoding.EncodeToString
	claims := fmt.Sprintf(`{"aud":"https://localhost","nbf":%d,"exp":%d}`, time.Now().Add(-time.Minute).Unix(), expires.Unix())
	return b64([]byte(`{"alg":"RS256","typ":"JWT"}`)) + "." + b64([]byte(claims)) + "." + b64([]byte(config.EmulatorCosmosKey))
}
