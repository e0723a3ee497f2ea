package entra

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
	"time"
)

// A refresh token is a consent and a MAC over it, so that it outlives a restart
// without being kept:
//
//	base64url(JSON of consent) . base64url(HMAC-SHA256 by the ring's secret)
func (e *Issuer) newRefresh(c consent) string {
	payload := encodeJSON(c)
	return payload + "." + e.mac(payload)
}

func (e *Issuer) mac(payload string) string {
	h := hmac.New(sha256.New, e.keys.refreshSecret())
	h.Write([]byte("refresh " + payload))
	return base64.RawURLEncoding.EncodeToString(h.Sum(nil))
}

// refreshToken gives new tokens for an old consent.
func (e *Issuer) refreshToken(w http.ResponseWriter, r *http.Request) *refusal {
	token := r.PostForm.Get("refresh_token")
	if token == "" {
		return missing("refresh_token")
	}
	payload, mac, _ := strings.Cut(token, ".")
	if e.keys.refreshSecret() == nil || !hmac.Equal([]byte(mac), []byte(e.mac(payload))) {
		return refuse("invalid_grant", 9002313, "The refresh token is malformed, or of another issuer. Sign in again.")
	}
	var c consent
	text, err := base64.RawURLEncoding.DecodeString(payload)
	if err == nil {
		err = json.Unmarshal(text, &c)
	}
	switch {
	case err != nil:
		return refuse("invalid_grant", 9002313, "The refresh token is malformed. Sign in again.")
	case c.Client != r.PostForm.Get("client_id"):
		return refuse("invalid_grant", 70000, "The refresh token was given to another application.")
	case time.Now().Unix() >= c.Expires:
		return refuse("invalid_grant", 700082, "The refresh token has expired. Sign in again.")
	}
	return e.userTokens(w, r, c, "")
}
