package odata

import (
	"strconv"
	"strings"
)

// maxSelected bounds the names of a $select; an entity has 255 properties.
const maxSelected = 1000

// ParseSelect reads $select: names separated by commas. None, or one *, is nil,
// which selects all.
func ParseSelect(text string) ([]string, error) {
	if strings.TrimSpace(text) == "" {
		return nil, nil
	}
	var names []string
	at := 1
	for part := range strings.SplitSeq(text, ",") {
		name := strings.TrimSpace(part)
		switch {
		case name == "*":
			return nil, nil
		case name == "" || strings.ContainsAny(name, " '()/\t"):
			return nil, &Error{Position: at, Message: "a name of a property is expected, names are separated by commas"}
		case len(names) == maxSelected:
			return nil, &Error{Position: at, Message: "at most " + strconv.Itoa(maxSelected) + " properties can be selected"}
		}
		names = append(names, name)
		at += len([]rune(part)) + 1
	}
	return names, nil
}

// ParseTop reads $top, 1 to most; "" is most.
func ParseTop(text string, most int) (int, error) {
	if text == "" {
		return most, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > most {
		return 0, &Error{Position: 1, Message: "$top is a number from 1 to " + strconv.Itoa(most)}
	}
	return n, nil
}
