package deploy

import (
	"archive/zip"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/host/hostjson"
)

// Limits bound what a package may unpack to.
type Limits struct {
	Files int   // entries, folders too
	Bytes int64 // of all files together
	// Ratio is how many times its own size a package may unpack to; Free bytes may come
	// out of any, however small.
	Ratio, Free int64
}

// PackageLimits are those of packages of function apps: wide for what people build,
// narrow for what is made to fill a disk.
func PackageLimits() Limits {
	return Limits{Files: 200_000, Bytes: 4 << 30, Ratio: 100, Free: 64 << 20}
}

const (
	// maxDirectory bounds what is read of a zip's table of contents: 500,000 files.
	maxDirectory = 24 << 20
	maxLink      = 4 << 10 // bytes of what a symbolic link leads to
)

// Unpack unpacks the zip file into a folder, which is there and empty. Nothing is
// written outside of it, whatever the zip says. Files are durable when Unpack returns;
// when it fails, what it wrote is the caller's to remove. What is wrong with the zip is
// fault.Invalid, or fault.TooLarge, and names the entry.
func Unpack(ctx context.Context, file, into string, l Limits) error {
	f, err := os.Open(file)
	if err != nil {
		return fault.Wrap(fault.Unavailable, file, err, "open the package")
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return fault.Wrap(fault.Unavailable, file, err, "read the package")
	}
	z, err := openZip(f, info.Size())
	if err != nil {
		return err
	}
	root, err := os.OpenRoot(into)
	if err != nil {
		return fault.Wrap(fault.Unavailable, into, err, "open the folder")
	}
	defer root.Close()
	u := &unpacking{root: root, left: min(l.Bytes, max(l.Free, info.Size()*l.Ratio)), links: map[string]string{}}
	if len(z.File) > l.Files {
		return fault.New(fault.TooLarge, "package", "it has %d files; %d are the most", len(z.File), l.Files)
	}
	for _, e := range z.File {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := u.entry(e); err != nil {
			return fmt.Errorf("entry %q: %w", clip(e.Name), err)
		}
	}
	return u.makeLinks()
}

// openZip reads the table of contents.
func openZip(f io.ReaderAt, size int64) (*zip.Reader, error) {
	m := &metered{r: f, left: maxDirectory}
	z, err := zip.NewReader(m, size)
	switch {
	case m.left < 0:
		return nil, fault.New(fault.TooLarge, "package", "its table of contents has more than %d MiB", maxDirectory>>20)
	case err != nil && !errors.Is(err, zip.ErrInsecurePath):
		return nil, fault.New(fault.Invalid, "package", "it is no zip file that can be read: %v", err)
	}
	m.left = 1 << 62 // what is in it is bounded by its own size
	return z, nil
}

// metered fails once more was read than it may be.
type metered struct {
	r    io.ReaderAt
	left int64
}

// ReadAt implements io.ReaderAt.
func (m *metered) ReadAt(b []byte, at int64) (int, error) {
	if m.left -= int64(len(b)); m.left < 0 {
		return 0, errors.New("it is too large")
	}
	return m.r.ReadAt(b, at)
}

// unpacking is one unpacking.
type unpacking struct {
	root  *os.Root
	left  int64             // bytes that may still come
	links map[string]string // name -> where it leads; they are made when all files are
}

func (u *unpacking) entry(e *zip.File) error {
	name, err := entryName(e.Name)
	if err != nil || name == "." {
		return err
	}
	mode := e.Mode()
	switch {
	case strings.HasSuffix(e.Name, "/") || strings.HasSuffix(e.Name, `\`) || mode.IsDir():
		return u.made(u.root.MkdirAll(name, 0o755))
	case mode.Type() == fs.ModeSymlink:
		return u.link(e, name)
	case !mode.IsRegular():
		return fault.New(fault.Invalid, "package", "it is neither a file, a folder nor a link")
	case e.Flags&1 != 0:
		return fault.New(fault.Invalid, "package", "it is encrypted; a package has no password")
	}
	return u.file(e, name)
}

// entryName is the name of an entry with forward slashes. Archives made on Windows may
// have others.
func entryName(name string) (string, error) {
	slashed := strings.ReplaceAll(name, `\`, "/")
	clean := path.Clean(slashed)
	switch {
	case !utf8.ValidString(name):
		return "", fault.New(fault.Invalid, "package", "its name is not UTF-8; make the zip with a tool that writes such names")
	case name == "" || strings.ContainsFunc(name, unicode.IsControl):
		return "", fault.New(fault.Invalid, "package", "its name is empty or has control characters")
	case strings.HasPrefix(slashed, "/") || hasDotDot(slashed) || !filepath.IsLocal(filepath.FromSlash(clean)):
		return "", fault.New(fault.Invalid, "package", "its name leads out of the app's folder")
	}
	return filepath.FromSlash(clean), nil
}

func hasDotDot(name string) bool {
	for part := range strings.SplitSeq(name, "/") {
		if part == ".." {
			return true
		}
	}
	return false
}

func (u *unpacking) file(e *zip.File, name string) error {
	if e.UncompressedSize64 > uint64(u.left) { //nolint:gosec // left is never below 0
		return tooMuch()
	}
	from, err := e.Open()
	if err != nil {
		return fault.New(fault.Invalid, "package", "it cannot be read: %v", err)
	}
	defer from.Close()
	if err := u.made(u.root.MkdirAll(filepath.Dir(name), 0o755)); err != nil {
		return err
	}
	to, err := u.root.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, permissions(e))
	if err != nil {
		return u.made(err)
	}
	n, err := io.Copy(&written{to}, io.LimitReader(from, u.left+1))
	if u.left -= n; err == nil && u.left < 0 {
		err = tooMuch()
	}
	var disk *diskError
	switch {
	case errors.As(err, &disk):
		err = fault.Wrap(fault.Unavailable, "package", disk.error, "write it")
	case err != nil && fault.KindOf(err) == fault.Internal:
		err = fault.New(fault.Invalid, "package", "it cannot be read: %v", err)
	case err == nil:
		err = u.made(to.Sync())
	}
	return errors.Join(err, to.Close())
}

// permissions let a program be run where the archive says so, or was made where nothing
// says it.
func permissions(e *zip.File) fs.FileMode {
	const unix, darwin = 3, 19 // makers of archives that know modes
	if maker := e.CreatorVersion >> 8; maker != unix && maker != darwin || e.Mode()&0o111 != 0 {
		return 0o755
	}
	return 0o644
}

// written tells errors of the disk from those of the archive.
type written struct{ to io.Writer }

type diskError struct{ error }

func (w *written) Write(b []byte) (int, error) {
	n, err := w.to.Write(b)
	if err != nil {
		err = &diskError{err}
	}
	return n, err
}

func tooMuch() error {
	return fault.New(fault.TooLarge, "package", "it unpacks to more than an app may have, or to very much more than the package's own size")
}

// made says what a name in the way means; all else is the disk's.
func (u *unpacking) made(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, fs.ErrExist), strings.Contains(err.Error(), "not a directory"):
		return fault.New(fault.Invalid, "package", "something of its name, or of a part of it, is there already")
	case strings.Contains(err.Error(), "file name too long"):
		return fault.New(fault.Invalid, "package", "its name is too long")
	}
	return fault.Wrap(fault.Unavailable, "package", err, "write it")
}

func (u *unpacking) link(e *zip.File, name string) error {
	if e.UncompressedSize64 > maxLink {
		return fault.New(fault.Invalid, "package", "it is a link that leads to a name of %d bytes", e.UncompressedSize64)
	}
	from, err := e.Open()
	if err != nil {
		return fault.New(fault.Invalid, "package", "it cannot be read: %v", err)
	}
	defer from.Close()
	text, err := io.ReadAll(io.LimitReader(from, maxLink))
	if err != nil {
		return fault.New(fault.Invalid, "package", "it cannot be read: %v", err)
	}
	target := filepath.FromSlash(string(text))
	if filepath.IsAbs(target) || !filepath.IsLocal(filepath.Join(filepath.Dir(name), target)) {
		return fault.New(fault.Invalid, "package", "it is a link that leads out of the app's folder")
	}
	if _, twice := u.links[name]; twice {
		return u.made(fs.ErrExist)
	}
	u.links[name] = target
	return u.made(u.root.MkdirAll(filepath.Dir(name), 0o755))
}

// makeLinks makes the links, and looks where each leads now that all are there.
func (u *unpacking) makeLinks() error {
	for name, target := range u.links {
		if err := u.made(u.root.Symlink(target, name)); err != nil {
			return fmt.Errorf("entry %q: %w", clip(name), err)
		}
	}
	for name := range u.links {
		if _, err := u.root.Stat(name); err != nil {
			return fmt.Errorf("entry %q: %w", clip(name), fault.New(fault.Invalid, "package", "it is a link that leads nowhere, or out of the app's folder"))
		}
	}
	return nil
}

func clip(name string) string {
	if len(name) > 200 {
		return name[:200] + "..."
	}
	return name
}

// CheckUnpacked refuses a folder without host.json, and says where that is when the
// folder of the app was zipped rather than what is in it.
func CheckUnpacked(dir string) error {
	if _, err := os.Stat(filepath.Join(dir, hostjson.File)); err == nil {
		return nil
	}
	if found, _ := filepath.Glob(filepath.Join(dir, "*", hostjson.File)); len(found) == 1 {
		return fault.New(fault.Invalid, "package", "%s is not at the root of the package but in the folder %s: zip what is in that folder, not the folder",
			hostjson.File, filepath.Base(filepath.Dir(found[0])))
	}
	return fault.New(fault.Invalid, "package", "there is no %s at the root of the package", hostjson.File)
}
