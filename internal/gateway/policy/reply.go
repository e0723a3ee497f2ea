package policy

import (
	"fmt"
	"strings"
)

// ErrorBody is the body of the gateway's own replies: with these very spaces, and an
// activity id where the fault is not the caller's.
func ErrorBody(status int, message, activity string) []byte {
	if activity != "" {
		return fmt.Appendf(nil, `{ "statusCode": %d, "message": %s, "activityId": "%s" }`, status, quoted(message), activity)
	}
	return fmt.Appendf(nil, `{ "statusCode": %d, "message": %s }`, status, quoted(message))
}

func quoted(s string) string {
	var out strings.Builder
	out.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			out.WriteByte('\\')
			out.WriteRune(r)
		case r < 0x20:
			fmt.Fprintf(&out, `\u%04x`, r)
		default:
			out.WriteRune(r)
		}
	}
	out.WriteByte('"')
	return out.String()
}
