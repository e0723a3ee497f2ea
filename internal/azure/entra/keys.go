package entra

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1" //nolint:gosec // a certificate's thumbprint, by RFC 7517: a name, no protection
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/big"
	"slices"
	"sync"
	"time"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/vfs"
)

const (
	keyFile  = "keys.json"
	keyBits  = 2048
	keyLife  = 30 * 24 * time.Hour // before another one signs
	maxKeys  = 8                   // that are published; older ones have ended long before
	secretSz = 32                  // bytes of what signs refresh tokens
)

// ring is the keys that sign tokens: the newest signs, older ones verify until
// the last token that they may have signed has ended. The first is made when
// it is needed, which takes a moment.
//
// The file is one JSON object, readable by its owner only, and is replaced
// whole: a crash leaves the keys before or after.
type ring struct {
	fs    vfs.FS
	dir   string
	every time.Duration

	making sync.Mutex // held while a key is made
	mu     sync.RWMutex
	keys   []*key // newest first; guarded by mu
	secret []byte // signs refresh tokens; made with the first key; guarded by mu
}

// key is one that signs or signed.
type key struct {
	id      string // kid: the certificate's SHA-1 thumbprint, in base64url
	made    time.Time
	private *rsa.PrivateKey
	cert    []byte // DER
}

// savedRing is the file.
type savedRing struct {
	Secret []byte     `json:"secret"`
	Keys   []savedKey `json:"keys"` // newest first
}

type savedKey struct {
	Made        time.Time `json:"made"`
	Private     []byte    `json:"private"`     // PKCS #8
	Certificate []byte    `json:"certificate"` // DER, self-signed
}

func openRing(files vfs.FS, dir string, every time.Duration) (*ring, error) {
	r := &ring{fs: files, dir: dir, every: every}
	text, err := readFile(files, r.path())
	if errors.Is(err, fs.ErrNotExist) {
		return r, nil
	}
	if err == nil {
		err = r.parse(text)
	}
	if err != nil {
		return nil, fault.Wrap(fault.Internal, "keys of the token issuer", err,
			"%s cannot be read; delete it to make new keys, which ends all tokens", r.path())
	}
	return r, nil
}

func (r *ring) path() string { return r.fs.PathJoin(r.dir, keyFile) }

func readFile(files vfs.FS, path string) ([]byte, error) {
	f, err := files.Open(path)
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(f)
	return text, errors.Join(err, f.Close())
}

func (r *ring) parse(text []byte) error {
	var saved savedRing
	if err := json.Unmarshal(text, &saved); err != nil {
		return err
	}
	if len(saved.Secret) != secretSz || len(saved.Keys) == 0 {
		return errors.New("it is not complete")
	}
	r.secret = saved.Secret
	for _, s := range saved.Keys {
		parsed, err := x509.ParsePKCS8PrivateKey(s.Private)
		if err != nil {
			return err
		}
		private, ok := parsed.(*rsa.PrivateKey)
		if !ok {
			return fmt.Errorf("a key is %T", parsed)
		}
		r.keys = append(r.keys, &key{thumbprint(s.Certificate), s.Made, private, s.Certificate})
	}
	return nil
}

func thumbprint(cert []byte) string {
	sum := sha1.Sum(cert) //nolint:gosec // see the import
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// signing returns the key that signs now. It makes one when there is none, or
// the newest has signed for long enough.
func (r *ring) signing() (*key, error) {
	if k := r.fresh(); k != nil {
		return k, nil
	}
	r.making.Lock()
	defer r.making.Unlock()
	if k := r.fresh(); k != nil {
		return k, nil // somebody else made it meanwhile
	}
	k, err := newKey(time.Now())
	if err != nil {
		return nil, err
	}
	keys, secret := r.all(), r.refreshSecret()
	if secret == nil {
		secret = make([]byte, secretSz)
		rand.Read(secret)
	}
	keys = slices.Insert(keys, 0, k)
	keys = keys[:min(len(keys), maxKeys)]
	if err := r.save(keys, secret); err != nil {
		return nil, fmt.Errorf("keep the key that signs tokens: %w", err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.keys, r.secret = keys, secret
	return k, nil
}

func (r *ring) fresh() *key {
	r.mu.RLock()
	defer r.mu.RUnlock()
	if len(r.keys) > 0 && time.Since(r.keys[0].made) < r.every {
		return r.keys[0]
	}
	return nil
}

func (r *ring) refreshSecret() []byte {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.secret
}

// all returns the keys whose tokens may still be good, newest first.
func (r *ring) all() []*key {
	r.mu.RLock()
	defer r.mu.RUnlock()
	var good []*key
	for n, k := range r.keys {
		if n > 0 && time.Since(r.keys[n-1].made) > longestLife+skew {
			break // the one after it has signed since
		}
		good = append(good, k)
	}
	return good
}

// find returns the key of that id, or nil.
func (r *ring) find(id string) *key {
	for _, k := range r.all() {
		if k.id == id {
			return k
		}
	}
	return nil
}

func newKey(now time.Time) (*key, error) {
	private, err := rsa.GenerateKey(rand.Reader, keyBits)
	if err != nil {
		return nil, err
	}
	serial := make([]byte, 16)
	rand.Read(serial)
	template := &x509.Certificate{
		SerialNumber: new(big.Int).SetBytes(serial), Subject: pkix.Name{CommonName: "Lazuli token signing"},
		NotBefore: now.Add(-time.Hour), NotAfter: now.AddDate(5, 0, 0), KeyUsage: x509.KeyUsageDigitalSignature,
	}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		return nil, err
	}
	return &key{thumbprint(cert), now.UTC(), private, cert}, nil
}

// save replaces the file. It is durable when save returns.
func (r *ring) save(keys []*key, secret []byte) error {
	saved := savedRing{Secret: secret}
	for _, k := range keys {
		private, err := x509.MarshalPKCS8PrivateKey(k.private)
		if err != nil {
			return err
		}
		saved.Keys = append(saved.Keys, savedKey{k.made, private, k.cert})
	}
	text, err := json.Marshal(saved)
	if err != nil {
		return err
	}
	if err := vfs.MakeDir(r.fs, r.dir); err != nil {
		return err
	}
	temporary := r.path() + ".new"
	f, err := vfs.CreatePrivate(r.fs, temporary)
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	if err == nil {
		err = f.Sync()
	}
	if err := errors.Join(err, f.Close()); err != nil {
		return err
	}
	if err := r.fs.Rename(temporary, r.path()); err != nil {
		return err
	}
	return vfs.SyncDir(r.fs, r.dir)
}
