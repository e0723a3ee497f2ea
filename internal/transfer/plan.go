package transfer

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"
)

// job is one copy.
type job struct {
	source, target Side
	from           string   // a file's path, or a blob's name
	to             string   // a blob's name, or a file's below root, with slashes
	root           *os.Root // the target's folder; nil of a blob
	name           string   // as people see it
	known          Known    // of a blob, if a listing told it
}

// destination is where copies go: a folder with the names in it, or one name.
type destination struct {
	side   Side
	root   *os.Root // of files
	prefix string   // of blobs in a folder
	single string   // "" is a folder
}

func (d destination) at(rel string) string {
	if d.single != "" {
		return d.single
	}
	return d.prefix + rel
}

// open finds out what the target is. Many sources need a folder.
func open(target Side, many bool) (destination, error) {
	d := destination{side: target}
	if target.Blob {
		switch {
		case target.Name == "":
		case many || target.Slash:
			d.prefix = target.Prefix()
		default:
			d.single = target.Name
		}
		return d, nil
	}
	info, err := os.Stat(target.Text)
	switch {
	case err == nil && info.IsDir():
	case err == nil && (many || target.Slash):
		return d, fmt.Errorf("%s is a file, and a folder is needed", target.Text)
	case err == nil:
		real, err := filepath.EvalSymlinks(target.Text) // the file behind a link is written, as cp does it
		if err != nil {
			return d, err
		}
		return d.file(real)
	case !errors.Is(err, fs.ErrNotExist):
		return d, err
	case !many && !target.Slash:
		return d.file(target.Text)
	default:
		if err := os.MkdirAll(target.Text, 0o777); err != nil {
			return d, err
		}
	}
	d.root, err = os.OpenRoot(target.Text)
	return d, err
}

func (d destination) file(path string) (_ destination, err error) {
	d.single = filepath.Base(path)
	d.root, err = os.OpenRoot(filepath.Dir(path))
	return d, err
}

// plan tells yield of all copies of a source.
func (c *Copier) plan(ctx context.Context, source Side, d destination, yield func(job) error) error {
	switch {
	case source.Blob:
		return c.planBlobs(ctx, source, d, yield)
	case source.Std:
		if d.single == "" {
			return errors.New("standard input has no name; write the blob's whole name as the target")
		}
		return yield(job{source: source, target: d.side, to: d.single, name: "standard input"})
	}
	info, err := os.Stat(source.Text)
	if err != nil {
		return err
	}
	if info.IsDir() {
		if !c.o.Recursive {
			return fmt.Errorf("%s is a folder; -r copies it with all that is in it", source.Text)
		}
		return c.planFolder(ctx, source, d, yield)
	}
	if !info.Mode().IsRegular() {
		return fmt.Errorf("%s is no file; what it gives is copied from standard input (-)", source.Text)
	}
	return c.planFile(source, d, source.Text, filepath.Base(source.Text), yield)
}

func (c *Copier) planFile(source Side, d destination, path, rel string, yield func(job) error) error {
	to, err := d.at(filepath.ToSlash(rel)), error(nil)
	if d.single == "" {
		to, err = blobName(d.prefix, filepath.ToSlash(rel))
	}
	if err != nil {
		c.fail(path, err)
		return nil
	}
	return yield(job{source: source, target: d.side, from: path, to: to, name: path, known: Known{Size: -1}})
}

// planFolder walks a folder. The folder itself is part of the names, unless its path
// ends in a slash, so that a copy that is run again means the same.
func (c *Copier) planFolder(ctx context.Context, source Side, d destination, yield func(job) error) error {
	top := filepath.Clean(source.Text)
	base := filepath.Base(top)
	if source.Slash || base == "." || base == ".." || base == string(filepath.Separator) {
		base = ""
	}
	return filepath.WalkDir(top, func(path string, e fs.DirEntry, err error) error {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			c.fail(path, err)
			return nil
		}
		if e.IsDir() || isPart(e.Name()) {
			return nil
		}
		if !e.Type().IsRegular() {
			info, err := os.Stat(path)
			if err != nil || !info.Mode().IsRegular() {
				c.skip(path, errors.New("neither a file nor a folder")) // nor a link to a file
				return nil
			}
		}
		rel, err := filepath.Rel(top, path)
		if err != nil {
			return err
		}
		return c.planFile(source, d, path, filepath.Join(base, rel), yield)
	})
}

// planBlobs lists a folder of blobs, or takes the one that is named.
func (c *Copier) planBlobs(ctx context.Context, source Side, d destination, yield func(job) error) error {
	one := func() error {
		return yield(job{source: source, target: d.side, from: source.Name, to: d.at(source.Base()), root: d.root, name: source.Text})
	}
	folder := source.Name == "" || source.Slash
	switch {
	case !c.o.Recursive && folder:
		return fmt.Errorf("%s is a folder; -r copies it with all that is in it", source.Text)
	case !c.o.Recursive:
		return one()
	}
	base := source.Base() + "/"
	if source.Slash {
		base = ""
	}
	found := false
	err := EachBlob(ctx, source.Container, source.Prefix(), func(item *container.BlobItem) error {
		found = true
		name := value(item.Name)
		rel := strings.TrimPrefix(name, source.Prefix())
		if rel == "" || strings.HasSuffix(rel, "/") && value(item.Properties.ContentLength) == 0 {
			return nil // how some tools mark a folder
		}
		j := job{source: source, target: d.side, from: name, to: d.at(base + rel), root: d.root, name: source.At(name)}
		p := item.Properties
		j.known = Known{
			Name: j.name, Size: value(p.ContentLength), Modified: value(p.LastModified), MD5: p.ContentMD5,
			etag: string(value(p.ETag)), typ: value(p.BlobType),
		}
		return yield(j)
	})
	if err == nil && !found && !folder {
		return one() // it names a blob
	}
	if err == nil && !found {
		return fmt.Errorf("there is nothing at %s", source.Text)
	}
	return err
}

// EachBlob lists all blobs whose names begin with prefix, in order.
func EachBlob(ctx context.Context, c *container.Client, prefix string, take func(*container.BlobItem) error) error {
	pager := c.NewListBlobsFlatPager(&container.ListBlobsFlatOptions{Prefix: &prefix})
	for pager.More() {
		page, err := pager.NextPage(ctx)
		if err != nil {
			return err
		}
		for _, item := range page.Segment.BlobItems {
			if err := take(item); err != nil {
				return err
			}
		}
	}
	return nil
}
