package settings

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"

	"github.com/lazuli-dev/lazuli/internal/fault"
	"github.com/lazuli-dev/lazuli/internal/host/jsonc"
	"github.com/lazuli-dev/lazuli/internal/textfile"
)

// LocalFile is the name of the file that holds settings for a local run.
const LocalFile = "local.settings.json"

// Local is what local.settings.json says. The file is only for the local
// machine and is never deployed.
type Local struct {
	Values map[string]string
	Host   LocalHost
}

// LocalHost is the Host section: how the local HTTP listener behaves.
type LocalHost struct {
	LocalHTTPPort   int    // 0: not given
	CORS            string // comma-separated origins, or "*"
	CORSCredentials bool
}

// ReadLocal reads local.settings.json at path. A missing file is an empty one.
//
// As in Azure's tools a file without IsEncrypted counts as encrypted. An
// encrypted file can only be read on the machine and by the tool that wrote
// it, so it is refused with the way out.
func ReadLocal(path string) (Local, error) {
	data, err := textfile.ReadFollowed(path, textfile.Source)
	if errors.Is(err, fs.ErrNotExist) {
		return Local{}, nil
	}
	if err != nil {
		return Local{}, fmt.Errorf("read settings: %w", err)
	}
	return ParseLocal(path, data)
}

// ParseLocal decodes the text of a local.settings.json; file is its name in
// error messages.
func ParseLocal(file string, data []byte) (Local, error) {
	var raw struct {
		IsEncrypted       *bool
		Values            map[string]any
		ConnectionStrings map[string]any
		Host              struct {
			LocalHTTPPort   json.Number `json:"LocalHttpPort"`
			CORS            string
			CORSCredentials bool
		}
	}
	if err := jsonc.Unmarshal(file, data, &raw); err != nil {
		return Local{}, fault.Wrap(fault.Invalid, "", err, "read settings")
	}
	said := raw.IsEncrypted != nil
	switch scrambled := scrambledNames(raw.Values, raw.ConnectionStrings); {
	case said && !*raw.IsEncrypted, !said && len(raw.Values)+len(raw.ConnectionStrings) == 0:
	case len(scrambled) > 0:
		return Local{}, encrypted(file, scrambled)
	case said:
		return Local{}, fault.New(fault.Invalid, file, "IsEncrypted is true, and no value is encrypted; `lazuli func settings decrypt` sets it to false")
	default:
		return Local{}, fault.New(fault.Invalid, file, "IsEncrypted is missing, which means encrypted, and no value is; `lazuli func settings decrypt` sets it to false")
	}
	l := Local{Values: map[string]string{}}
	if err := l.take(file, "Values", "", raw.Values); err != nil {
		return Local{}, err
	}
	if err := l.take(file, "ConnectionStrings", "ConnectionStrings:", raw.ConnectionStrings); err != nil {
		return Local{}, err
	}
	port := int64(0)
	if raw.Host.LocalHTTPPort != "" {
		p, err := raw.Host.LocalHTTPPort.Int64()
		if err != nil || p < 0 || p > 65535 {
			return Local{}, fault.New(fault.Invalid, file, "Host.LocalHttpPort: %q is not a port", raw.Host.LocalHTTPPort)
		}
		port = p
	}
	l.Host = LocalHost{int(port), raw.Host.CORS, raw.Host.CORSCredentials}
	return l, nil
}

// take copies a flat section; a value with structure is an error because
// every setting is an environment variable in the end.
func (l *Local) take(file, section, prefix string, values map[string]any) error {
	for name, v := range values {
		switch v := v.(type) {
		case string:
			l.Values[prefix+name] = v
		case bool, float64:
			l.Values[prefix+name] = fmt.Sprint(v)
		case nil:
		case map[string]any:
			cs, ok := v["ConnectionString"].(string)
			if section != "ConnectionStrings" || !ok {
				return notFlat(file, section, name)
			}
			l.Values[prefix+name] = cs
		default:
			return notFlat(file, section, name)
		}
	}
	return nil
}

func notFlat(file, section, name string) error {
	return fault.New(fault.Invalid, file,
		`%s.%s: a setting is a string; write a hierarchy as "%s__key" instead of nesting`, section, name, name)
}
