package eventhubs

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/lazuli-dev/lazuli/internal/fault"
)

// sasPrefix opens every shared access signature.
const sasPrefix = "SharedAccessSignature "

// maxTokenBytes bounds what a peer may make us parse and hash.
const maxTokenBytes = 16 << 10

// SASToken is a parsed shared access signature:
//
//	SharedAccessSignature sr=<uri>&sig=<base64>&se=<unix seconds>&skn=<rule>
//
// The fields may stand in any order and are percent-encoded.
type SASToken struct {
	RawResource string    // sr exactly as it arrived: the signature covers this spelling
	Resource    string    // sr decoded
	Signature   []byte    // 32 bytes
	Expires     time.Time // se
	RawExpiry   string    // se as it arrived, also under the signature
	KeyName     string    // skn decoded
}

// ParseSASToken parses a shared access signature without verifying it. Every
// error is a fault.Unauthorized and never repeats the token.
func ParseSASToken(token string) (SASToken, error) {
	if len(token) > maxTokenBytes {
		return SASToken{}, malformed("it is longer than %d bytes", maxTokenBytes)
	}
	if len(token) < len(sasPrefix) || !strings.EqualFold(token[:len(sasPrefix)], sasPrefix) {
		return SASToken{}, malformed("it does not begin with %q", strings.TrimSpace(sasPrefix))
	}
	var t SASToken
	seen := map[string]bool{}
	for _, field := range strings.Split(strings.TrimSpace(token[len(sasPrefix):]), "&") {
		name, raw, ok := strings.Cut(field, "=")
		if !ok {
			return SASToken{}, malformed("a field has no value")
		}
		if seen[name] {
			return SASToken{}, malformed("field %q appears twice", clip(name))
		}
		seen[name] = true
		if err := t.set(name, raw); err != nil {
			return SASToken{}, err
		}
	}
	for _, name := range []string{"sr", "sig", "se", "skn"} {
		if !seen[name] {
			return SASToken{}, malformed("field %q is missing", name)
		}
	}
	return t, nil
}

// set stores one field of the token.
func (t *SASToken) set(name, raw string) error {
	value, err := url.QueryUnescape(raw)
	if err != nil {
		return malformed("field %q is not percent-encoded text", clip(name))
	}
	switch name {
	case "sr":
		t.RawResource, t.Resource = raw, value
	case "sig":
		// A '+' that was not encoded comes out of unescaping as a space.
		sig, err := base64.StdEncoding.DecodeString(strings.ReplaceAll(value, " ", "+"))
		if err != nil || len(sig) != sha256.Size {
			return malformed("field \"sig\" is not the base64 of %d bytes", sha256.Size)
		}
		t.Signature = sig
	case "se":
		seconds, err := strconv.ParseInt(value, 10, 64)
		if err != nil || seconds < 0 || seconds > 1<<40 {
			return malformed("field \"se\" is not a time in seconds")
		}
		t.RawExpiry, t.Expires = raw, time.Unix(seconds, 0).UTC()
	case "skn":
		t.KeyName = value
	default:
		return malformed("field %q is unknown", clip(name))
	}
	return nil
}

// signedBy reports whether key made the token's signature. The comparison
// takes the same time whatever differs.
func (t SASToken) signedBy(key string) bool {
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write([]byte(t.RawResource))
	mac.Write([]byte{'\n'})
	mac.Write([]byte(t.RawExpiry))
	return subtle.ConstantTimeCompare(mac.Sum(nil), t.Signature) == 1
}

// NewSASToken signs a token for the resource, as clients and tools do.
func NewSASToken(resource, keyName, key string, expires time.Time) string {
	sr := url.QueryEscape(resource)
	se := strconv.FormatInt(expires.Unix(), 10)
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write([]byte(sr + "\n" + se))
	sig := url.QueryEscape(base64.StdEncoding.EncodeToString(mac.Sum(nil)))
	return sasPrefix + "sr=" + sr + "&sig=" + sig + "&se=" + se + "&skn=" + url.QueryEscape(keyName)
}

func malformed(format string, args ...any) *fault.Error {
	return fault.New(fault.Unauthorized, "", "MalformedToken: The shared access signature cannot be read: "+format, args...)
}

// clip shortens text that a peer chose before it goes into a message.
func clip(s string) string {
	const limit = 64
	if len(s) > limit {
		return strings.ToValidUTF8(s[:limit], "") + "…"
	}
	return strings.ToValidUTF8(s, "\uFFFD")
}
