package site

import (
	"context"
	"crypto/md5" //nolint:gosec // a sum against damage on the way, as the storage service has it
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/lazuli-dev/lazuli/internal/deploy"
	"github.com/lazuli-dev/lazuli/internal/fault"
)

// MaxPackage bounds a package, as Azure does.
const MaxPackage = 1 << 30

// ReleasedPackage is the blob that a Flex Consumption app's package is.
const ReleasedPackage = "released-package.zip"

// Blobs reads and writes blobs by their address. as is how the address is opened.
// Errors of the service carry its code and status in words.
type Blobs interface {
	Read(ctx context.Context, address string, as As) (Blob, error)
	Write(ctx context.Context, address string, as As, size int64, body io.Reader) error
}

// As is who asks for a blob.
type As struct {
	Site     string
	Anyone   bool   // nobody in particular: the address says enough, or the blob is public
	Identity string // a user-assigned identity; "": the site's own
	Key      string // a connection string; it wins
}

// Blob is what Blobs.Read gives.
type Blob struct {
	Body io.ReadCloser
	Size int64  // -1: not known
	MD5  []byte // nil: not known
}

// found is a package that was found.
type found struct {
	code string // the folder of what is in it; "": there is none
	from string // for people
}

// packageOf finds the site's package and unpacks it, unless it is.
func (k *keeper) packageOf(ctx context.Context, spec Spec) (found, error) {
	address, as, err := k.source(spec)
	if err != nil {
		return found{}, err
	}
	if address == "" {
		file, err := k.latestPackage()
		if err != nil || file == "" {
			return found{}, err
		}
		code, err := k.unpackFile(ctx, file)
		return found{code, filepath.Base(file)}, err
	}
	from := withoutQuery(address)
	code, err := k.fetch(ctx, address, as)
	if fault.Is(err, fault.NotFound) && spec.Container != nil {
		return found{}, nil // nothing was published yet
	}
	if err != nil {
		return found{}, fmt.Errorf("package %s: %w", from, err)
	}
	return found{code, from}, nil
}

// source is where the site's package is elsewhere, and how that is opened; "": it is
// what was deployed here.
func (k *keeper) source(spec Spec) (address string, as As, err error) {
	if spec.Container != nil {
		as, err := k.asContainer(spec)
		return strings.TrimSuffix(spec.Container.URL, "/") + "/" + ReleasedPackage, as, err
	}
	address = strings.TrimSpace(spec.Setting(RunFromPackage))
	if !strings.HasPrefix(address, "http://") && !strings.HasPrefix(address, "https://") {
		return "", as, nil
	}
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return "", as, fault.New(fault.Invalid, "setting "+RunFromPackage, "it is no address of a package: %q", withoutQuery(address))
	}
	as.Site = k.name
	switch id := spec.Setting(runFromPackageIdentity); {
	case u.Query().Has("sig"):
		as.Anyone = true
	case id != "" && !strings.EqualFold(id, "SystemAssigned"):
		as.Identity = id[strings.LastIndexByte(id, '/')+1:]
	case !spec.Identity.System && len(spec.Identity.User) == 1:
		as.Identity = spec.Identity.User[0]
	case spec.Identity.None():
		as.Anyone = true
	}
	return address, as, nil
}

func (k *keeper) asContainer(spec Spec) (As, error) {
	c, as := spec.Container, As{Site: k.name}
	switch {
	case strings.EqualFold(c.Auth, AuthUser):
		as.Identity = c.Identity
	case strings.EqualFold(c.Auth, AuthConnection):
		if as.Key = spec.Setting(c.Setting); as.Key == "" {
			return as, fault.New(fault.Invalid, "setting "+c.Setting, "it is not there, and the app's deployment storage is opened with it")
		}
	}
	return as, nil
}

// withoutQuery is an address without what may be a secret.
func withoutQuery(address string) string {
	before, _, _ := strings.Cut(address, "?")
	return before
}

// fetch reads a package and unpacks it.
func (k *keeper) fetch(ctx context.Context, address string, as As) (code string, err error) {
	blob, err := k.s.o.Blobs.Read(ctx, address, as)
	if err != nil {
		return "", err
	}
	defer blob.Body.Close()
	file, err := k.receive(blob.Body, blob.Size, blob.MD5)
	if err != nil {
		return "", err
	}
	defer os.Remove(file.path)
	return k.unpack(ctx, file)
}

// received is a package in a file of its own.
type received struct {
	path string
	sum  string // SHA-256
	size int64
}

// receive writes a package to a file, which is the caller's to remove.
func (k *keeper) receive(from io.Reader, size int64, sum []byte) (r received, err error) {
	if size > MaxPackage {
		return r, tooLarge()
	}
	dir := filepath.Join(k.home(), "incoming")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return r, fault.Wrap(fault.Unavailable, dir, err, "make the folder of the package")
	}
	to, err := os.CreateTemp(dir, "*.zip")
	if err != nil {
		return r, fault.Wrap(fault.Unavailable, dir, err, "keep the package")
	}
	r.path = to.Name()
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(r.path))
		}
	}()
	whole, check := sha256.New(), md5.New() //nolint:gosec // see above
	r.size, err = io.Copy(io.MultiWriter(to, whole, check), io.LimitReader(from, MaxPackage+1))
	r.sum = sumOf(whole)
	switch {
	case err != nil:
		err = fault.Wrap(fault.Unavailable, "package", err, "it could not be read to its end")
	case r.size > MaxPackage:
		err = tooLarge()
	case size >= 0 && r.size != size:
		err = fault.New(fault.Unavailable, "package", "%d of its %d bytes came", r.size, size)
	case sum != nil && !strings.EqualFold(hex.EncodeToString(sum), sumOf(check)):
		err = fault.New(fault.Invalid, "package", "it is damaged: its Content-MD5 is another")
	default:
		err = to.Sync()
	}
	return r, errors.Join(err, to.Close())
}

func tooLarge() error {
	return fault.New(fault.TooLarge, "package", "it has more than %d MiB", MaxPackage>>20)
}

func sumOf(h hash.Hash) string { return hex.EncodeToString(h.Sum(nil)) }

// unpack unpacks a package into the folder of its own sum, unless that is there: a
// folder of that name is whole.
func (k *keeper) unpack(ctx context.Context, r received) (code string, err error) {
	if code = k.codeOf(r); exists(code) {
		return code, nil
	}
	part, err := k.unpackBeside(ctx, r.path)
	if err != nil {
		return "", err
	}
	if err := os.Rename(part, code); err != nil {
		return "", errors.Join(fault.Wrap(fault.Unavailable, code, err, "put the package in its place"), removeAll(part))
	}
	return code, syncFolder(filepath.Dir(code))
}

func (k *keeper) codeOf(r received) string { return filepath.Join(k.home(), "code", r.sum[:16]) }

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// unpackBeside unpacks a package into a new folder.
func (k *keeper) unpackBeside(ctx context.Context, file string) (dir string, err error) {
	codes := filepath.Join(k.home(), "code")
	if err := os.MkdirAll(codes, 0o700); err != nil {
		return "", fault.Wrap(fault.Unavailable, codes, err, "make the folder of the code")
	}
	if dir, err = os.MkdirTemp(codes, ".unpacking-"); err != nil {
		return "", fault.Wrap(fault.Unavailable, codes, err, "make the folder of the code")
	}
	err = deploy.Unpack(ctx, file, dir, deploy.PackageLimits())
	if err == nil {
		err = deploy.CheckUnpacked(dir)
	}
	if err != nil {
		return "", errors.Join(err, removeAll(dir))
	}
	return dir, nil
}

// forgetOthers removes what is unpacked and does not run.
func (k *keeper) forgetOthers(code string) {
	folders, err := os.ReadDir(filepath.Dir(code))
	for _, f := range folders {
		if f.Name() == filepath.Base(code) || strings.HasPrefix(f.Name(), ".") { // that of a deployment under way
			continue
		}
		err = errors.Join(err, removeAll(filepath.Join(filepath.Dir(code), f.Name())))
	}
	if err != nil {
		k.log.Warn("what an older package held could not be removed", "error", err)
	}
}

// The folder of packages that were deployed here, and the file in it that names the one
// that runs.
const (
	packagesFolder = "SitePackages"
	packageName    = "packagename.txt"
)

func (k *keeper) packages() string { return filepath.Join(k.home(), "data", packagesFolder) }

// latestPackage is the package that was deployed here last; "": none was.
func (k *keeper) latestPackage() (string, error) {
	text, err := os.ReadFile(filepath.Join(k.packages(), packageName))
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", fault.Wrap(fault.Unavailable, packageName, err, "read the name of the package")
	}
	name := strings.TrimSpace(string(text))
	if !filepath.IsLocal(name) || filepath.Base(name) != name {
		return "", fault.New(fault.Invalid, packageName, "it names no file beside it: %q", name)
	}
	return filepath.Join(k.packages(), name), nil
}

func (k *keeper) unpackFile(ctx context.Context, file string) (string, error) {
	f, err := os.Open(file)
	if err != nil {
		return "", fault.Wrap(fault.Unavailable, file, err, "open the package")
	}
	defer f.Close()
	whole := sha256.New()
	if _, err := io.Copy(whole, f); err != nil {
		return "", fault.Wrap(fault.Unavailable, file, err, "read the package")
	}
	return k.unpack(ctx, received{path: file, sum: sumOf(whole)})
}

// keepPackage makes a package the one that runs, and forgets older ones.
func (k *keeper) keepPackage(r received, name string) error {
	dir := k.packages()
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fault.Wrap(fault.Unavailable, dir, err, "keep the package")
	}
	if err := os.Rename(r.path, filepath.Join(dir, name)); err != nil {
		return fault.Wrap(fault.Unavailable, dir, err, "keep the package")
	}
	if err := writeFile(filepath.Join(dir, packageName), []byte(name)); err != nil {
		return err
	}
	old, err := filepath.Glob(filepath.Join(dir, "*.zip"))
	for _, file := range old {
		if filepath.Base(file) != name {
			err = errors.Join(err, os.Remove(file))
		}
	}
	return err
}

// writeFile writes a file so that it is there whole or not at all, also after a crash.
func writeFile(path string, text []byte) error {
	to, err := os.CreateTemp(filepath.Dir(path), ".part-*")
	if err != nil {
		return fault.Wrap(fault.Unavailable, path, err, "write it")
	}
	_, err = to.Write(text)
	if err == nil {
		err = to.Sync()
	}
	if err = errors.Join(err, to.Close()); err == nil {
		err = os.Rename(to.Name(), path)
	}
	if err != nil {
		return fault.Wrap(fault.Unavailable, path, errors.Join(err, os.Remove(to.Name())), "write it")
	}
	return syncFolder(filepath.Dir(path))
}
