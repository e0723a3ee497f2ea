package door

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/lazuli-dev/lazuli/internal/testkit"
)

// TestMangledAddresses: on a port for people a % that begins no escape means
// itself, in each request of a connection, however it comes; bodies and good
// addresses stay as they are.
func TestMangledAddresses(t *testing.T) {
	testkit.NoLeaks(t)
	echo := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		fmt.Fprintf(w, "%s|%s|%s", r.URL.Path, r.URL.RawQuery, body)
	})
	l := open(t, testkit.Listen(t), Port{People: true}, Names{}, answers(echo))
	c := l.dial()
	r := bufio.NewReader(c)
	for _, s := range []struct {
		pieces []string
		want   string
	}{
		{[]string{"GET /% HTTP/1.1\r\nHost: localhost\r\n\r\n"}, "/%||"},
		{[]string{"GET /a%2Fb%zz?q=50%&r=%41 HTTP/1.1\r\nHost: localhost\r\n\r\n"}, "/a/b%zz|q=50%25&r=%41|"},
		{[]string{"GET /%", "E HTTP/1", ".1\r\nHost: localhost\r\n\r\n"}, "/%E||"},
		{[]string{"POST /x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 17\r\n\r\n", "GET /% HTTP/1.1\r\n"}, "/x||GET /% HTTP/1.1\r\n"},
		{[]string{"GET /hubs/%EC%84%9C HTTP/1.1\r\nHost: localhost\r\n\r\n"}, "/hubs/서||"},
	} {
		for _, p := range s.pieces {
			if _, err := io.WriteString(c, p); err != nil {
				t.Fatal(err)
			}
		}
		res, err := http.ReadResponse(r, nil)
		if err != nil {
			t.Fatalf("%q: %v", s.pieces, err)
		}
		body, err := io.ReadAll(res.Body)
		res.Body.Close()
		if err != nil || res.StatusCode != 200 || string(body) != s.want {
			t.Errorf("%q: %d %q (%v), want %q", s.pieces, res.StatusCode, body, err, s.want)
		}
	}
}

// TestMangledElsewhere: other ports keep to the letter of the protocol.
func TestMangledElsewhere(t *testing.T) {
	testkit.NoLeaks(t)
	l := open(t, testkit.Listen(t), Port{}, Names{}, answers(http.NotFound))
	c := l.dial()
	if _, err := io.WriteString(c, "GET /% HTTP/1.1\r\nHost: localhost\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(c).ReadString('\n')
	if err != nil || !strings.Contains(line, "400") {
		t.Errorf("%q, %v", line, err)
	}
}

func FuzzMendLine(f *testing.F) {
	f.Add("GET /%?%zz HTTP/1.1\r")
	f.Fuzz(func(t *testing.T, line string) {
		out := string(mendLine([]byte(line)))
		if again := string(mendLine([]byte(out))); again != out {
			t.Errorf("%q becomes %q, and then %q", line, out, again)
		}
		if strings.ReplaceAll(strings.ReplaceAll(out, "%25", "%"), "%", "") != strings.ReplaceAll(strings.ReplaceAll(line, "%25", "%"), "%", "") {
			t.Errorf("%q becomes %q", line, out)
		}
	})
}
