package entra

import (
	"encoding/base64"
	"math/big"
	"net"
	"net/http"
	"strings"
)

// tenant checks the first segment of a path; all names mean the one tenant.
func (e *Issuer) tenant(r *http.Request) *refusal {
	name := r.PathValue("tenant")
	switch strings.ToLower(name) {
	case "common", "organizations", "adfs", e.cfg.Identity.Tenant():
		return nil
	}
	return noSuchTenant(name)
}

// base is the address by which a client reaches the issuer: tokens and metadata
// name what it called, so that its port survives.
func base(r *http.Request) string { return "https://" + r.Host }

// issuerOf is the iss of tokens of a version: https://HOST/TENANT/ for 1.0, and
// …/v2.0 for 2.0, as Entra has them. This machine is localhost there by whatever
// address it was called: managed identities ask at 127.0.0.1, and who checks
// tokens knows one issuer.
func (e *Issuer) issuerOf(r *http.Request, v2 bool) string {
	at := r.Host
	if host, port, err := net.SplitHostPort(at); err == nil {
		if ip := net.ParseIP(host); ip != nil && ip.IsLoopback() {
			at = net.JoinHostPort("localhost", port)
		}
	}
	if v2 {
		return "https://" + at + "/" + e.cfg.Identity.Tenant() + "/v2.0"
	}
	return "https://" + at + "/" + e.cfg.Identity.Tenant() + "/"
}

// metadata serves the OpenID configuration (OpenID Connect Discovery 1.0, 3).
// version is "" or "/v2.0".
func (e *Issuer) metadata(version string) handler {
	return func(w http.ResponseWriter, r *http.Request) *refusal {
		if f := e.tenant(r); f != nil {
			return f
		}
		at := base(r) + "/" + r.PathValue("tenant")
		writeJSON(w, http.StatusOK, map[string]any{
			"issuer":                                e.issuerOf(r, version != ""),
			"authorization_endpoint":                at + "/oauth2" + version + "/authorize",
			"token_endpoint":                        at + "/oauth2" + version + "/token",
			"device_authorization_endpoint":         at + "/oauth2" + version + "/devicecode",
			"jwks_uri":                              at + "/discovery" + version + "/keys",
			"response_modes_supported":              []string{"query", "fragment", "form_post"},
			"response_types_supported":              []string{"code"},
			"subject_types_supported":               []string{"pairwise"},
			"scopes_supported":                      []string{"openid", "profile", "email", "offline_access"},
			"id_token_signing_alg_values_supported": []string{"RS256"},
			"token_endpoint_auth_methods_supported": []string{"client_secret_post", "client_secret_basic", "private_key_jwt"},
			"code_challenge_methods_supported":      []string{"S256"},
			"claims_supported":                      []string{"sub", "iss", "aud", "exp", "iat", "nonce", "oid", "tid", "ver", "preferred_username", "name"},
			"request_uri_parameter_supported":       false,
			"tenant_region_scope":                   nil,
			"cloud_instance_name":                   r.Host,
		})
		return nil
	}
}

// keySet serves the keys that verify tokens, a JSON Web Key Set (RFC 7517).
func (e *Issuer) keySet(w http.ResponseWriter, r *http.Request) *refusal {
	if f := e.tenant(r); f != nil {
		return f
	}
	if _, err := e.keys.signing(); err != nil {
		return internalError(err)
	}
	keys := []map[string]any{}
	for _, k := range e.keys.all() {
		keys = append(keys, map[string]any{
			"kty": "RSA", "use": "sig", "alg": "RS256", "kid": k.id, "x5t": k.id,
			"n":   base64.RawURLEncoding.EncodeToString(k.private.N.Bytes()),
			"e":   base64.RawURLEncoding.EncodeToString(big.NewInt(int64(k.private.E)).Bytes()),
			"x5c": []string{base64.StdEncoding.EncodeToString(k.cert)},
		})
	}
	writeJSON(w, http.StatusOK, map[string]any{"keys": keys})
	return nil
}

// instanceDiscovery tells MSAL that an authority is known. It asks only ever
// login.microsoftonline.com, which may be a name of this machine.
func (e *Issuer) instanceDiscovery(w http.ResponseWriter, r *http.Request) *refusal {
	asked := r.URL.Query().Get("authorization_endpoint")
	at := base(r) + "/" + e.cfg.Identity.Tenant()
	host := r.Host
	if rest, ok := strings.CutPrefix(asked, "https://"); ok {
		var path string
		host, path, _ = strings.Cut(rest, "/")
		name, _, _ := strings.Cut(path, "/")
		r.SetPathValue("tenant", name)
		if f := e.tenant(r); f != nil {
			return f
		}
		at = "https://" + host + "/" + name
	}
	writeJSON(w, http.StatusOK, map[string]any{
		"tenant_discovery_endpoint": at + "/v2.0/.well-known/openid-configuration",
		"api-version":               "1.1",
		"metadata":                  []map[string]any{{"preferred_network": host, "preferred_cache": host, "aliases": []string{host}}},
	})
	return nil
}
