package cosmos

import (
	"net/http"
	"strconv"
	"strings"
)

// rangeID is the id of the only partition key range of every container.
const rangeID = "0"

// appendSessionToken writes the token of a container at an LSN, in the short
// form of accounts with one region: <range>:<version>#<lsn>.
func appendSessionToken(b []byte, lsn uint64) []byte {
	b = append(b, rangeID+":-1#"...)
	return strconv.AppendUint(b, lsn, 10)
}

// parseSessionToken returns the LSN that the token demands of range 0, or 0
// when it says nothing about it. The grammar, joined by commas:
//
//	<range>:<version>#<lsn>[#<region>=<lsn>…]   or   <range>:<lsn>
func parseSessionToken(token string) (uint64, error) {
	var want uint64
	for rest := token; rest != ""; {
		var part string
		part, rest, _ = strings.Cut(rest, ",")
		id, state, ok := strings.Cut(part, ":")
		if !ok {
			return 0, badSessionToken(token)
		}
		if _, after, versioned := strings.Cut(state, "#"); versioned {
			state, _, _ = strings.Cut(after, "#")
		}
		lsn, err := strconv.ParseInt(state, 10, 64)
		if err != nil {
			return 0, badSessionToken(token)
		}
		if id == rangeID && lsn > 0 {
			want = max(want, uint64(lsn))
		}
	}
	return want, nil
}

func badSessionToken(token string) *apiError {
	return badRequest(subNone, "The session token '%s' is invalid.", clip(token, 80))
}

// sessionAhead is the 404/1002 for a token that this store has not reached.
// With one node that means the container was restored or made anew.
func sessionAhead(want, have uint64) *apiError {
	return &apiError{
		status: http.StatusNotFound, sub: subSessionAhead, code: "NotFound",
		msg: "The read session is not available for the input session token: it asks for LSN " +
			strconv.FormatUint(want, 10) + " and the container is at " + strconv.FormatUint(have, 10) + ".",
	}
}
