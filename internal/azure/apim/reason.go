package apim

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/lazuli-dev/lazuli/internal/gateway/policy"
)

// reasonOf is the reason phrase of a response where it is another than the usual, which
// writers fill in; "" is the usual.
func reasonOf(reply *policy.Response, status int) string {
	if reply.Status != status || strings.EqualFold(reply.Reason, http.StatusText(status)) {
		return ""
	}
	return strings.Map(func(r rune) rune {
		if r < ' ' && r != '\t' || r == 0x7f {
			return -1
		}
		return r
	}, reply.Reason)
}

// takeOver sends a response with a reason phrase where the writer has no way to set one,
// as that of net/http: the connection is taken over, and closed. It reports false, and
// has sent nothing, where that cannot be; HTTP/2 has no reason phrases.
func takeOver(w http.ResponseWriter, r *http.Request, status int, reason string, body io.Reader) (sent int64, done bool) {
	if r.ProtoMajor != 1 || r.Method == http.MethodHead {
		return 0, false
	}
	conn, out, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return 0, false
	}
	defer conn.Close()
	h := w.Header()
	h.Set("Connection", "close")
	h.Set("Date", time.Now().UTC().Format(http.TimeFormat))
	fmt.Fprintf(out, "HTTP/1.1 %d %s\r\n", status, reason)
	_ = h.Write(out) // the client may be gone, here and below
	_, _ = io.WriteString(out, "\r\n")
	if body != nil {
		sent, _ = policy.Copy(out, body, nil) // its length was sent, so half of it does not look whole
	}
	_ = out.Flush()
	return sent, true
}
