package transfer

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"strings"
	"time"
)

// A partial file is written in order and lies beside its target, so that it takes the
// target's name at once. Its own name is of what it becomes and of which bytes it
// holds: bytes of another version of the blob have another name.
//
//	.lazuli-<8 of SHA-256(blob, target)>-<16 of SHA-256(ETag, size)>.part
const (
	partBegin = ".lazuli-"
	partEnd   = ".part"
)

// syncEvery is how many bytes are written between two syncs. What follows the last
// whole one of them may be missing after a loss of power, and is fetched again.
const syncEvery = 16 << 20

type part struct {
	root   *os.Root
	name   string
	target string
	file   *os.File
	at     int64 // bytes that are there
}

func isPart(name string) bool {
	return strings.HasPrefix(name, partBegin) && strings.HasSuffix(name, partEnd)
}

func digest(n int, words ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(words, "\x00")))
	return hex.EncodeToString(sum[:n])
}

// openPart opens the partial file of a target, as an earlier try left it, and deletes
// those of other versions of the blob.
func openPart(root *os.Root, target, source string, known Known) (*part, error) {
	dir := path.Dir(target)
	begin := partBegin + digest(4, source, target) + "-"
	p := &part{root: root, target: target, name: path.Join(dir, begin+digest(8, known.etag, fmt.Sprint(known.Size))+partEnd)}
	var err error
	p.file, err = root.OpenFile(p.name, os.O_RDWR, 0)
	if err == nil {
		info, err := p.file.Stat()
		if err != nil {
			return nil, errors.Join(err, p.file.Close())
		}
		if p.at = info.Size(); p.at < known.Size {
			p.at = p.at / syncEvery * syncEvery
		}
		p.at = min(p.at, known.Size)
		return p, nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	if known.Size > syncEvery {
		removeParts(root, dir, begin)
	}
	p.file, err = root.OpenFile(p.name, os.O_RDWR|os.O_CREATE, 0o666)
	return p, err
}

// removeParts deletes what is left of other versions. Only large files leave something
// worth a look into the folder; what cannot be deleted is in nobody's way.
func removeParts(root *os.Root, dir, begin string) {
	folder, err := root.Open(dir)
	if err != nil {
		return
	}
	defer folder.Close()
	names, err := folder.Readdirnames(-1)
	if err != nil {
		return
	}
	for _, name := range names {
		if strings.HasPrefix(name, begin) && isPart(name) {
			_ = root.Remove(path.Join(dir, name))
		}
	}
}

// write appends what comes next.
func (p *part) write(data []byte) error {
	if _, err := p.file.WriteAt(data, p.at); err != nil {
		return err
	}
	before := p.at / syncEvery
	if p.at += int64(len(data)); p.at/syncEvery != before {
		return p.file.Sync()
	}
	return nil
}

// close leaves the file for the next try, unless it is of no use. An empty one says
// nothing.
func (p *part) close(useless bool) {
	_ = p.file.Close() // what was not written is fetched again
	if useless || p.at < syncEvery {
		_ = p.root.Remove(p.name)
	}
}

// finish gives the file its name, and the blob's time. A small one is as safe as after
// cp; that a large one is there whole after a loss of power costs little.
func (p *part) finish(modified time.Time) error {
	err := p.file.Truncate(p.at)
	if err == nil && p.at >= syncEvery {
		err = p.file.Sync()
	}
	if err = errors.Join(err, p.file.Close()); err != nil {
		return err
	}
	if err := p.root.Chtimes(p.name, modified, modified); err != nil {
		return err
	}
	return p.root.Rename(p.name, p.target)
}
