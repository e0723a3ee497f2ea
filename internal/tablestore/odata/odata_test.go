package odata

import (
	"errors"
	"flag"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/lazuli-dev/lazuli/internal/tablestore"
	"github.com/lazuli-dev/lazuli/internal/testkit"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// people are the entities that golden filters are asked about.
func people() []*tablestore.Entity {
	make := func(partition, row string, pairs ...any) *tablestore.Entity {
		e := &tablestore.Entity{PartitionKey: partition, RowKey: row, Timestamp: 638_000_000_000_000_000}
		for i := 0; i < len(pairs); i += 2 {
			name, _ := pairs[i].(string)
			value, _ := pairs[i+1].(tablestore.Value)
			e.Properties = append(e.Properties, tablestore.Property{Name: name, Value: value})
		}
		return e
	}
	when, _ := tablestore.ParseTicks("2024-01-31T12:00:00Z")
	guid, _ := tablestore.ParseGUID("c9da6455-213d-42c9-9a79-3e9149a57833")
	return []*tablestore.Entity{
		make("a", "1", "Name", tablestore.StringValue("Ann"), "Age", tablestore.Int32Value(40), "Member", tablestore.BoolValue(true)),
		make("a", "2", "Name", tablestore.StringValue("O'Neil"), "Age", tablestore.Int64Value(1<<40), "Member", tablestore.BoolValue(false)),
		make("a", "3", "Name", tablestore.StringValue("Zoë"), "Age", tablestore.DoubleValue(40.5)),
		make("b", "1", "Name", tablestore.StringValue("😀"), "Born", tablestore.DateTimeValue(when), "Id", tablestore.GUIDValue(guid)),
		make("b", "2", "Name", tablestore.StringValue("\uffff"), "Raw", tablestore.BinaryValue("\x00\xff"), "Age", tablestore.DoubleValue(math.NaN())),
		make("c", "", "Name", tablestore.StringValue(""), "Age", tablestore.StringValue("40")),
	}
}

func TestGolden(t *testing.T) {
	testkit.Golden(t, *update, 60, func() testkit.GoldenFunc {
		return func(_ *testing.T, b testkit.GoldenBlock) (string, int, bool) {
			if b.Verb != "filter" {
				return "", 0, false
			}
			var out strings.Builder
			lines := strings.Split(strings.TrimSuffix(b.Text, "\n"), "\n")
			for _, line := range lines {
				fmt.Fprintf(&out, "%s  =>  %s\n", line, answer(line))
			}
			return out.String(), len(lines), true
		}
	})
}

// answer is what a filter matches and which keys it looks at.
func answer(text string) string {
	f, err := Parse(text)
	var bad *Error
	if errors.As(err, &bad) {
		if bad.Unsupported {
			return "unsupported: " + err.Error()
		}
		return "error: " + err.Error()
	}
	var found []string
	for _, e := range people() {
		if f.Match(e) {
			found = append(found, e.PartitionKey+"/"+e.RowKey)
		}
	}
	return fmt.Sprintf("[%s] in %s", strings.Join(found, " "), boxesText(f.Boxes()))
}

func boxesText(boxes []tablestore.Box) string {
	if boxes == nil {
		return "all"
	}
	if len(boxes) == 0 {
		return "none"
	}
	var all []string
	for _, b := range boxes {
		all = append(all, intervalText(b.Partition)+"×"+intervalText(b.Row))
	}
	return strings.Join(all, " or ")
}

func intervalText(i tablestore.Interval) string {
	if i.Low.Set && i.Low == i.High {
		return fmt.Sprintf("%q", i.Low.Key)
	}
	low, high := "(", ")"
	if i.Low.Set {
		low = fmt.Sprintf("%s%q", map[bool]string{true: "[", false: "("}[i.Low.Inclusive], i.Low.Key)
	}
	if i.High.Set {
		high = fmt.Sprintf("%q%s", i.High.Key, map[bool]string{true: "]", false: ")"}[i.High.Inclusive])
	}
	return low + " " + high
}

// FuzzFilter parses anything without harm, in little memory, and never leaves an
// entity out of the boxes that it matches.
func FuzzFilter(f *testing.F) {
	for _, text := range []string{
		"PartitionKey eq 'a' and (RowKey ge '1' and RowKey lt '2')", "not (Age gt 40L) or Born le datetime'2024-01-31T12:00:00Z'",
		"'a' le PartitionKey or guid'c9da6455-213d-42c9-9a79-3e9149a57833' eq Id", "X'00ff' eq Raw and Member", "((((", "a eq 'b", "startswith(a,'b')",
		"RowKey eq 1 or (PartitionKey eq '' and RowKey ne 'x')", "Age eq -1.5e3 and Age ne NaN",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		filter, err := Parse(text)
		if err != nil {
			var bad *Error
			if !errors.As(err, &bad) || bad.Position < 1 || bad.Position > len(text)+1 || bad.Message == "" {
				t.Fatalf("error %#v", err)
			}
			return
		}
		boxes := filter.Boxes()
		for _, e := range people() {
			if filter.Match(e) && boxes != nil && !slices.ContainsFunc(boxes, func(b tablestore.Box) bool { return has(b.Partition, e.PartitionKey) && has(b.Row, e.RowKey) }) {
				t.Fatalf("%s/%s matches, and is not in %s", e.PartitionKey, e.RowKey, boxesText(boxes))
			}
		}
	})
}

func has(i tablestore.Interval, s string) bool {
	low, high := tablestore.Compare(s, i.Low.Key), tablestore.Compare(s, i.High.Key)
	return (!i.Low.Set || low > 0 || low == 0 && i.Low.Inclusive) && (!i.High.Set || high < 0 || high == 0 && i.High.Inclusive)
}

func TestLimitsOfAFilter(t *testing.T) {
	chain := strings.Repeat("A eq 1 or ", 5000) + "A eq 1"
	for name, c := range map[string]struct {
		text string
		ok   bool
	}{
		"nothing":       {" \t", true},
		"long chain":    {chain, true},
		"too long":      {strings.Repeat("A eq 1 or ", 7000) + "A eq 1", false},
		"deep":          {strings.Repeat("(", maxDepth) + "A" + strings.Repeat(")", maxDepth), true},
		"too deep":      {strings.Repeat("(", maxDepth+1) + "A" + strings.Repeat(")", maxDepth+1), false},
		"deep not":      {strings.Repeat("not ", maxDepth) + "A", true},
		"too deep not":  {strings.Repeat("not ", maxDepth+1) + "A", false},
		"not UTF-8":     {"A eq '\xff'", false},
		"many points":   {strings.Repeat("RowKey eq 'x' or ", 2000) + "RowKey eq 'y'", true},
		"many products": {strings.Repeat("(RowKey eq 'x' or RowKey eq 'y') and ", 40) + "A", true},
	} {
		f, err := Parse(c.text)
		if (err == nil) != c.ok {
			t.Errorf("%s: %v", name, err)
		}
		if err == nil && len(f.Boxes()) > maxBoxes {
			t.Errorf("%s: %d boxes", name, len(f.Boxes()))
		}
	}
}

func TestSelectAndTop(t *testing.T) {
	for text, want := range map[string]string{
		"": "all", " ": "all", "*": "all", "A, *": "all", "A": "[A]", "A,B_1, PartitionKey": "[A B_1 PartitionKey]",
		"A,,B": "error at 3", "A,": "error at 3", "a b": "error at 1", "A('x')": "error at 1",
	} {
		names, err := ParseSelect(text)
		got := fmt.Sprint(names)
		var bad *Error
		if errors.As(err, &bad) {
			got = fmt.Sprintf("error at %d", bad.Position)
		} else if names == nil {
			got = "all"
		}
		if got != want {
			t.Errorf("$select=%s: %s, want %s", text, got, want)
		}
	}
	for text, want := range map[string]int{"": 1000, "1": 1, "1000": 1000, "0": 0, "1001": 0, "-1": 0, "x": 0} {
		if n, err := ParseTop(text, 1000); n != want || (err == nil) != (want > 0) {
			t.Errorf("$top=%s: %d, %v", text, n, err)
		}
	}
}
