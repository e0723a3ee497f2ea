package blobs

import (
	"strings"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/host/binding"
	"github.com/lazuli-dev/lazuli/internal/host/expr"
	"github.com/lazuli-dev/lazuli/internal/host/settings"
	"github.com/lazuli-dev/lazuli/internal/host/trigger"
)

// pattern says which blobs a trigger is for: a container, and names that may have
// placeholders. Without names it is for all of the container.
type pattern struct {
	container string
	names     *expr.Pattern // nil: all
}

func readPattern(b *binding.Binding) (p pattern, err error) {
	container, names, _ := strings.Cut(b.Text("path"), "/")
	switch {
	case container == "":
		return p, fault.New(fault.Invalid, "binding "+b.Name, "needs path, such as samples-workitems/{name}")
	case strings.ContainsAny(container, "{}"):
		return p, fault.New(fault.Invalid, "binding "+b.Name, "path %q: the container of a trigger is named as it is; only names of blobs have placeholders", b.Text("path"))
	}
	p.container = strings.ToLower(container)
	if names == "" {
		return p, nil
	}
	template, err := expr.Parse(names)
	if err == nil {
		p.names, err = template.Pattern()
	}
	if err != nil {
		err = fault.Wrap(fault.Invalid, "binding "+b.Name, err, "path")
	}
	return p, err
}

// match returns the values of placeholders when the trigger is for the blob.
func (p *pattern) match(blob string) (map[string]string, bool) {
	if p.names == nil {
		return nil, true
	}
	return p.names.Match(blob)
}

// place is the path of an input or output: CONTAINER/BLOB with placeholders.
type place struct {
	conn settings.Connection
	text string
	path *expr.Template
}

func readPlace(s *settings.Settings, b *binding.Binding) (p place, err error) {
	p.text = b.Text("path")
	if container, blob, _ := strings.Cut(p.text, "/"); container == "" || blob == "" {
		return p, fault.New(fault.Invalid, "binding "+b.Name, "needs path, such as samples-workitems/{name}; it is %q", p.text)
	}
	if p.path, err = expr.Parse(p.text); err != nil {
		return p, err
	}
	p.conn, err = s.StorageConnection(settings.Storage, b.Text("connection"))
	return p, err
}

func (p *place) at() trigger.Place {
	container, _, _ := strings.Cut(p.text, "/")
	return trigger.Place{Host: hostOf(p.conn), Target: container}
}

// expand returns the container and the blob of an invocation.
func (p *place) expand(values expr.Values) (container, blob string, err error) {
	path, err := p.path.Expand(values)
	if err != nil {
		return "", "", err
	}
	container, blob, _ = strings.Cut(path, "/")
	container = strings.ToLower(container)
	if container == "" || blob == "" {
		return "", "", fault.New(fault.Invalid, "path", "%q became %q, which is not CONTAINER/BLOB", p.text, path)
	}
	return container, blob, nil
}
