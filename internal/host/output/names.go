package output

import (
	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/host/binding"
	"github.com/lazuli-dev/lazuli/internal/host/expr"
)

// NameTemplate reads a required name that may have {placeholders}, under the
// first of the properties that is there.
func NameTemplate(b *binding.Binding, properties ...string) (*expr.Template, error) {
	text := FirstText(b, properties...)
	if text == "" {
		return nil, fault.New(fault.Invalid, "binding "+b.Name, "needs %s", properties[0])
	}
	return expr.Parse(text)
}

// FirstText is the first of the properties that is there, or "".
func FirstText(b *binding.Binding, properties ...string) string {
	b.Heeds(properties...)
	for _, p := range properties {
		if s := b.Text(p); s != "" {
			return s
		}
	}
	return ""
}
