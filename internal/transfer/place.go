package transfer

import (
	"fmt"
	"strings"
)

// Place is one end of a copy, as it is written: a path, "-", or
// blob://ACCOUNT/CONTAINER[/NAME]. Names of blobs are taken as they are, without
// escapes: only "/" means something in them.
type Place struct {
	Text      string // as it was written
	Blob      bool   // in a storage account; else a path, or Std
	Std       bool   // "-": standard input or output
	Account   string // "" is the one that localhost means
	Container string // "" is the account itself
	Name      string // of a blob, or of what stands before the names of blobs in a folder
	Slash     bool   // ends in "/": what is in it, or a folder in any case
}

// Scheme begins a place in a storage account.
const Scheme = "blob://"

// ParsePlace reads a place.
func ParsePlace(text string) (Place, error) {
	p := Place{Text: text}
	rest, blob := strings.CutPrefix(text, Scheme)
	switch {
	case text == "":
		return p, fmt.Errorf("an empty path names nothing")
	case text == "-":
		p.Std = true
		return p, nil
	case !blob && strings.HasPrefix(strings.ToLower(text), "blob:"):
		return p, fmt.Errorf("%s: write %sACCOUNT/CONTAINER/PATH", text, Scheme)
	case !blob:
		p.Slash = strings.HasSuffix(text, "/") || strings.HasSuffix(text, `\`) && windows
		return p, nil
	}
	p.Blob = true
	var inContainer bool
	p.Account, rest, _ = strings.Cut(rest, "/")
	p.Container, p.Name, inContainer = strings.Cut(rest, "/")
	p.Slash = inContainer && (p.Name == "" || strings.HasSuffix(p.Name, "/"))
	if p.Container == "" && p.Name != "" {
		return p, fmt.Errorf("%s names no container; write %sACCOUNT/CONTAINER/PATH", text, Scheme)
	}
	return p, nil
}

// Base is the last word of a place: what a copy of it is called in a folder.
func (p Place) Base() string {
	name := strings.TrimSuffix(p.Name, "/")
	if name == "" {
		return p.Container
	}
	return name[strings.LastIndexByte(name, '/')+1:]
}

// Prefix is what the names of all blobs in the folder begin with; "" for a container.
func (p Place) Prefix() string {
	if p.Name == "" || strings.HasSuffix(p.Name, "/") {
		return p.Name
	}
	return p.Name + "/"
}

// At is the blob of that name in the same container.
func (p Place) At(name string) string {
	return Scheme + p.Account + "/" + p.Container + "/" + name
}
