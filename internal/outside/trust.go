package outside

import (
	"bytes"
	"path/filepath"
	"slices"
	"strings"
)

// pythonPath begins what Python imports from.
const pythonPath = "PYTHONPATH"

// trusting are the variables that make every family of SDKs trust our authority
// beside all that it trusts already, and the files that they name.
func (f *folder) trusting(e environment) ([]Variable, error) {
	machine := f.withOurs(machineBundle())
	all, err := f.write("bundle.pem", machine)
	if err != nil {
		return nil, err
	}
	own, err := f.write("ca.pem", f.authority)
	if err != nil {
		return nil, err
	}
	var vars []Variable
	for _, file := range []struct{ name, base, readers string }{
		{"SSL_CERT_FILE", all, "Go, .NET on Linux, OpenSSL, Ruby"},
		{"REQUESTS_CA_BUNDLE", all, "Python's requests, az, pip"},
		{"CURL_CA_BUNDLE", all, "curl"},
		{"NODE_EXTRA_CA_CERTS", own, "Node.js"},
	} {
		path, err := f.bundleOf(file.name, e[file.name], file.base)
		if err != nil {
			return nil, err
		}
		vars = append(vars, Variable{file.name, path, "trust the local authority: " + file.readers})
	}
	java, err := f.java(e, machine)
	if err != nil {
		return nil, err
	}
	imports, err := f.python(e, machine)
	return append(vars, java, imports), err
}

// java makes a trust store. Java takes the last of several equal options.
func (f *folder) java(e environment, bundle []byte) (Variable, error) {
	const name = "JAVA_TOOL_OPTIONS"
	store, err := trustStore(bundle)
	if err != nil {
		return Variable{}, err
	}
	path, err := f.write("trust.p12", store)
	options := "-Djavax.net.ssl.trustStore=" + path + " -Djavax.net.ssl.trustStorePassword=" + storePassword + " -Djavax.net.ssl.trustStoreType=PKCS12"
	if strings.ContainsAny(path, " \t") {
		options = strings.Replace(options, path, `"`+path+`"`, 1)
	}
	return Variable{name, joined(" ", e[name], options), "trust the local authority: Java"}, err
}

// python puts our sitecustomize before the program's own imports.
func (f *folder) python(e environment, bundle []byte) (Variable, error) {
	text, err := python.ReadFile("python/sitecustomize.py")
	if err != nil {
		return Variable{}, err
	}
	site, err := f.write("python/sitecustomize.py", text)
	if err != nil {
		return Variable{}, err
	}
	// Python reads the file as ASCII; bundles of some machines have comments.
	if _, err := f.write("python/certifi.pem", bytes.Map(ascii, bundle)); err != nil {
		return Variable{}, err
	}
	// An element that is empty is the current folder, and stays.
	theirs := slices.DeleteFunc(filepath.SplitList(e[pythonPath]), func(p string) bool {
		return strings.Contains(p, folderPrefix) // of an exec around this one
	})
	list := strings.Join(append([]string{filepath.Dir(site)}, theirs...), string(filepath.ListSeparator))
	return Variable{pythonPath, list, "trust the local authority: Python packages that ask only certifi"}, nil
}

func ascii(r rune) rune {
	if r > 127 {
		return '?'
	}
	return r
}
