package config

import (
	"github.com/lazuli-dev/lazuli/internal/blobpath"
)

// blobPath checks where blobs are, and how they hold rows.
func (v *validation) blobPath(path string, b BlobPath, use blobpath.Use) {
	if b.Blob == "" {
		for key, value := range map[string]string{"dateFormat": b.DateFormat, "timeFormat": b.TimeFormat, "delimiter": b.Delimiter} {
			if value != "" {
				v.add(path+"."+key, "belongs to a blob")
			}
		}
		return
	}
	for key, err := range map[string]error{
		"dateFormat": checked(b.DateFormat, blobpath.CheckDate), "timeFormat": checked(b.TimeFormat, blobpath.CheckTime),
	} {
		if err != nil {
			v.add(path+"."+key, "%v", err)
			return
		}
	}
	p, err := blobpath.Parse(use, b.Blob, blobpath.Formats{Date: b.DateFormat, Time: b.TimeFormat})
	switch {
	case err != nil:
		v.add(path+".blob", "%v", err)
	case len(p.Container) < 3 || len(p.Container) > 63 || !containerName.MatchString(p.Container):
		v.add(path+".blob", "%q is no container: its name has 3 to 63 lower-case letters, digits and single dashes between them", p.Container)
	}
	v.oneOf(path+".delimiter", b.Delimiter, "comma", "semicolon", "space", "tab", "bar")
}

func checked(text string, check func(string) error) error {
	if text == "" {
		return nil
	}
	return check(text)
}

// storagePlace is place for the storage account of blobs.
func (v *validation) storagePlace(path, name string, belongs bool, c *Config) {
	if name != EmulatorStorageAccount || !belongs {
		place(v, path, name, belongs, "blob", c.Storage.Accounts)
	}
}

// blobInput checks what only inputs of blobs have.
func (v *validation) blobInput(path string, in JobInput) {
	v.blobPath(path, in.BlobPath, blobpath.Input)
	v.oneOf(path+".format", in.Format, "json", "csv")
	v.oneOf(path+".compression", in.Compression, "none", "gzip", "deflate")
	for key, set := range map[string]bool{"format": in.Format != "", "compression": in.Compression != "", "partitions": in.Partitions != 0} {
		if set && in.Blob == "" {
			v.add(path+"."+key, "belongs to a blob")
		}
	}
	if p, err := blobpath.Parse(blobpath.Input, in.Blob, blobpath.Formats{Date: in.DateFormat, Time: in.TimeFormat}); err == nil && in.Partitions > 1 && !p.Partitioned() {
		v.add(path+".partitions", "needs {partition} in the blob's path")
	}
}
