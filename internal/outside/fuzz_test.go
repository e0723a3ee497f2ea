package outside

import (
	"bytes"
	"net"
	"strings"
	"testing"
)

// FuzzHostsFile: whatever a hosts file holds, our block comes and goes and
// leaves every byte of it, or is refused.
func FuzzHostsFile(f *testing.F) {
	f.Add("127.0.0.1 localhost\n")
	f.Add(hostsBegin + "\nx\n" + hostsEnd + "\nrest")
	f.Add(hostsEnd + "\n" + hostsBegin)
	f.Fuzz(func(t *testing.T, before string) {
		if _, _, begins := cutLine([]byte(before), hostsBegin); begins {
			after, err := withBlock([]byte(before), "")
			if err == nil && len(after) >= len(before) {
				t.Errorf("a block went and nothing is shorter: %q", after)
			}
			return
		}
		with, err := withBlock([]byte(before), Block(twoNames, local))
		if err != nil {
			t.Fatal(err)
		}
		if missing := missingNames(with, twoNames); len(missing) > 0 {
			t.Errorf("%q lacks %v", with, missing)
		}
		again, err := withBlock(with, Block(twoNames, local))
		if err != nil || !bytes.Equal(again, with) {
			t.Errorf("written twice: %q, %v", again, err)
		}
		without, err := withBlock(with, "")
		if err != nil || strings.TrimSuffix(string(without), "\n") != strings.TrimSuffix(before, "\n") {
			t.Errorf("%q came back as %q, %v", before, without, err)
		}
	})
}

// FuzzServerName: no first message brings the relay down, and what was read of
// one is passed on unchanged.
func FuzzServerName(f *testing.F) {
	f.Add([]byte("GET / HTTP/1.1\r\n"))
	f.Add([]byte{22, 3, 1, 0, 1, 1})
	f.Add([]byte{22, 3, 1, 0xff, 0xff})
	f.Fuzz(func(t *testing.T, message []byte) {
		ours, theirs := net.Pipe()
		defer ours.Close()
		go func() {
			theirs.Write(message)
			theirs.Close()
		}()
		name, said, err := serverName(ours)
		if err == nil && !bytes.HasPrefix(message, said) || name != strings.ToLower(name) {
			t.Errorf("%q: %q, %q, %v", message, name, said, err)
		}
	})
}
