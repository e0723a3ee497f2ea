package outside

import (
	"crypto/sha1"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
)

// Store are the commands that put an authority into a machine's own store of
// those it trusts, and that take it out.
type Store struct {
	Install, Remove [][]string
}

// storeTool is a family of machines: the program that brings the store up to
// date, and the folder that it reads.
type storeTool struct {
	program string
	update  []string
	folder  string
}

// storeTools are those of Linux.
var storeTools = []storeTool{
	{"update-ca-certificates", []string{"update-ca-certificates"}, "/usr/local/share/ca-certificates"}, // Debian, Ubuntu, Alpine, openSUSE's is alike
	{"update-ca-trust", []string{"update-ca-trust", "extract"}, "/etc/pki/ca-trust/source/anchors"},    // Fedora, RHEL
	{"trust", []string{"trust", "extract-compat"}, "/etc/ca-certificates/trust-source/anchors"},        // Arch
}

// SystemStore finds out how this machine's store takes the certificate of an
// authority, whose PEM file is given. The file in the store is named by the
// certificate's fingerprint: every project has an authority of its own.
func SystemStore(authority string) (Store, error) {
	print, err := fingerprint(authority)
	if err != nil {
		return Store{}, err
	}
	switch runtime.GOOS {
	case "darwin":
		const keychain = "/Library/Keychains/System.keychain"
		return Store{
			Install: [][]string{{"security", "add-trusted-cert", "-d", "-r", "trustRoot", "-k", keychain, authority}},
			Remove:  [][]string{{"security", "delete-certificate", "-Z", print, "-t", keychain}},
		}, nil
	case "windows":
		return Store{
			Install: [][]string{{"certutil", "-addstore", "-f", "Root", authority}},
			Remove:  [][]string{{"certutil", "-delstore", "Root", print}},
		}, nil
	}
	return linuxStore(authority, print, exec.LookPath)
}

func linuxStore(authority, print string, look func(string) (string, error)) (Store, error) {
	var wanted []string
	for _, tool := range storeTools {
		if _, err := look(tool.program); err != nil {
			wanted = append(wanted, tool.program)
			continue
		}
		file := tool.folder + "/lazuli-" + strings.ToLower(print[:16]) + ".crt"
		update := tool.update
		if tool.program == "update-ca-certificates" {
			update = append(update, "--fresh") // what was removed is else still linked
		}
		return Store{
			Install: [][]string{{"install", "-D", "-m", "644", authority, file}, tool.update},
			Remove:  [][]string{{"rm", "-f", file}, update},
		}, nil
	}
	return Store{}, fmt.Errorf("this machine has no tool that is known to change its store of authorities (%s): install ca-certificates, or use `lazuli exec`, which needs none", strings.Join(wanted, ", "))
}

// fingerprint is the SHA-1 of a certificate, in capital hexadecimals, as the
// systems' stores name one.
func fingerprint(file string) (string, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return "", err
	}
	block, _ := pem.Decode(text)
	if block == nil {
		return "", fmt.Errorf("%s holds no certificate", file)
	}
	if _, err := x509.ParseCertificate(block.Bytes); err != nil {
		return "", fmt.Errorf("%s: %w", file, err)
	}
	sum := sha1.Sum(block.Bytes)
	return strings.ToUpper(hex.EncodeToString(sum[:])), nil
}

// MayChangeStore reports whether this user may; Windows asks for itself.
func MayChangeStore() bool { return runtime.GOOS == "windows" || os.Geteuid() == 0 }

// RunCommand runs one of a store's commands.
func RunCommand(words []string, out, err io.Writer) error {
	cmd := exec.Command(words[0], words[1:]...)
	cmd.Stdout, cmd.Stderr = out, err
	return cmd.Run()
}
