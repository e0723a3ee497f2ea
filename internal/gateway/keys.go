package gateway

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/lazuli-dev/lazuli/internal/gateway/policy"
)

// keyCache reads OpenID configurations and the keys that they name. One is good for an
// hour; a key that is not in it has it read anew, at most every five minutes.
type keyCache struct {
	client *http.Client
	clock  func() time.Time

	mu   sync.Mutex // guards sets
	sets map[string]*keySet
}

type keySet struct {
	mu   sync.Mutex // held while it is read
	set  policy.KeySet
	read time.Time
}

const (
	keysGood  = time.Hour
	keysAgain = 5 * time.Minute
	keysLimit = 10 * time.Second
)

func newKeyCache(t http.RoundTripper, clock func() time.Time) *keyCache {
	return &keyCache{client: &http.Client{Transport: t, Timeout: keysLimit}, clock: clock, sets: map[string]*keySet{}}
}

// find implements policy.World.Keys.
func (c *keyCache) find(ctx context.Context, config, kid string) (policy.KeySet, error) {
	c.mu.Lock()
	s := c.sets[config]
	if s == nil {
		s = &keySet{}
		c.sets[config] = s
	}
	c.mu.Unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	age := c.clock().Sub(s.read)
	_, known := s.set.Keys[kid]
	if !s.read.IsZero() && age < keysGood && (known || kid == "" || age < keysAgain) {
		return s.set, nil
	}
	set, err := c.fetch(ctx, config)
	if err != nil {
		if !s.read.IsZero() && age < 24*time.Hour { // the issuer is away: what it said is still true
			return s.set, nil
		}
		return set, err
	}
	s.set, s.read = set, c.clock()
	return set, nil
}

// maxKeys bounds a configuration and a set of keys.
const maxKeys = 1 << 20

func (c *keyCache) get(ctx context.Context, url string, into any) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	reply, err := c.client.Do(r)
	if err != nil {
		return err
	}
	defer reply.Body.Close()
	text, err := io.ReadAll(io.LimitReader(reply.Body, maxKeys))
	if err == nil && reply.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s answers %s", url, reply.Status)
	}
	if err != nil {
		return err
	}
	return json.Unmarshal(text, into)
}

func (c *keyCache) fetch(ctx context.Context, config string) (policy.KeySet, error) {
	var about struct {
		Issuer string `json:"issuer"`
		Keys   string `json:"jwks_uri"`
	}
	if err := c.get(ctx, config, &about); err != nil {
		return policy.KeySet{}, fmt.Errorf("the OpenID configuration %s: %w", config, err)
	}
	var jwks struct {
		Keys []jwk `json:"keys"`
	}
	if err := c.get(ctx, about.Keys, &jwks); err != nil {
		return policy.KeySet{}, fmt.Errorf("the keys %s: %w", about.Keys, err)
	}
	set := policy.KeySet{Issuer: about.Issuer, Keys: map[string]any{}}
	for i, k := range jwks.Keys {
		if k.Use != "" && k.Use != "sig" {
			continue
		}
		public, err := k.public()
		if err != nil {
			continue // of a kind that is not taken
		}
		id := k.ID
		if id == "" {
			id = fmt.Sprint(i)
		}
		set.Keys[id] = public
	}
	return set, nil
}

// jwk is a key of a set. https://www.rfc-editor.org/rfc/rfc7518
type jwk struct {
	Type  string `json:"kty"`
	Use   string `json:"use"`
	ID    string `json:"kid"`
	N     string `json:"n"`
	E     string `json:"e"`
	Curve string `json:"crv"`
	X     string `json:"x"`
	Y     string `json:"y"`
}

func (k jwk) public() (any, error) {
	number := func(s string) *big.Int {
		b, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(s, "="))
		if err != nil {
			return new(big.Int)
		}
		return new(big.Int).SetBytes(b)
	}
	switch k.Type {
	case "RSA":
		n, e := number(k.N), number(k.E)
		if n.BitLen() < 1024 || !e.IsInt64() || e.Int64() < 3 || e.Int64() > 1<<31 {
			return nil, fmt.Errorf("the RSA key %s is none", k.ID)
		}
		return &rsa.PublicKey{N: n, E: int(e.Int64())}, nil
	case "EC":
		curve := map[string]elliptic.Curve{"P-256": elliptic.P256(), "P-384": elliptic.P384(), "P-521": elliptic.P521()}[k.Curve]
		if curve == nil {
			break
		}
		x, y, size := number(k.X), number(k.Y), (curve.Params().BitSize+7)/8
		if len(x.Bytes()) > size || len(y.Bytes()) > size {
			break
		}
		point := make([]byte, 1+2*size)
		point[0] = 4 // uncompressed
		x.FillBytes(point[1 : 1+size])
		y.FillBytes(point[1+size:])
		return ecdsa.ParseUncompressedPublicKey(curve, point)
	}
	return nil, fmt.Errorf("keys of the type %s are not taken", k.Type)
}
