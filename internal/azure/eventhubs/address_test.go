package eventhubs

import (
	"strings"
	"testing"

	"github.com/lazuli-dev/lazuli/internal/fault"
)

func TestParseAddress(t *testing.T) {
	for text, want := range map[string]Address{
		"$cbs":                            {Kind: NodeCBS},
		"$management":                     {Kind: NodeManagement},
		"hub/$Management":                 {Kind: NodeManagement, Hub: "hub"},
		"hub":                             {Kind: NodeHub, Hub: "hub"},
		"/hub/":                           {Kind: NodeHub, Hub: "hub"}, // .NET: an absolute path
		"amqps://host:5671/hub":           {Kind: NodeHub, Hub: "hub"},
		"sb://host/hub/partitions/3":      {Kind: NodePartition, Hub: "hub", Partition: "3"},
		"Hub/Partitions/3":                {Kind: NodePartition, Hub: "Hub", Partition: "3"},
		"/hub/Publishers/dev-1":           {Kind: NodePublisher, Hub: "hub", Publisher: "dev-1"},
		"h/ConsumerGroups/G/Partitions/0": {Kind: NodeGroup, Hub: "h", Group: "G", Partition: "0"},
		"/h/consumergroups/$default/partitions/12": {Kind: NodeGroup, Hub: "h", Group: "$default", Partition: "12"},
	} {
		got, err := ParseAddress(text)
		if err != nil || got != want {
			t.Errorf("%q: %+v, error %v", text, got, err)
		}
		if back, err := ParseAddress(got.String()); err != nil || back != got {
			t.Errorf("%q written as %q: %+v, error %v", text, got, back, err)
		}
	}
}

func TestParseAddressRefuses(t *testing.T) {
	for text, want := range map[string]string{
		"":                               "names no entity",
		"///":                            "names no entity",
		"amqps://host":                   "names no entity",
		"hub/Partitions":                 "is not one of",
		"hub/Shards/1":                   "is not one of",
		"hub/Partitions/":                "is not one of",
		"hub/Publishers//":               "is not one of",
		"h//x":                           "is not one of",
		"h/ConsumerGroups//Partitions/0": "empty consumer group name",
		"h/ConsumerGroups/g":             "is not one of",
		strings.Repeat("h", 257):         "longer than 256",
		strings.Repeat("h/", 2000):       "longer than 2048",
		"h/ConsumerGroups/" + strings.Repeat("g", 51) + "/Partitions/0": "longer than 50",
		"h/Partitions/00000000000":                                      "longer than 10",
	} {
		_, err := ParseAddress(text)
		if !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error %v, want one with %q", clip(text), err, want)
		}
	}
}

func TestParsePartitionID(t *testing.T) {
	for id, want := range map[string]int{"0": 0, "7": 7, "31": 31} {
		if got, err := parsePartitionID(id, 32); err != nil || got != want {
			t.Errorf("%q: %d, error %v", id, got, err)
		}
	}
	for _, id := range []string{"", "32", "-1", "+1", "00", "01", "1x", "99999999999999999999"} {
		_, err := parsePartitionID(id, 32)
		if err == nil || refusalOf(err).condition != condArgumentOutOfRange || refusalOf(err).status != 400 ||
			!strings.HasPrefix(refusalOf(err).text, "The specified partition is invalid for an EventHub partition sender or receiver.") {
			t.Errorf("%q: error %v", id, err)
		}
	}
}

func FuzzAddress(f *testing.F) {
	for _, s := range []string{"$cbs", "hub", "/hub/Partitions/0", "h/ConsumerGroups/g/Partitions/1", "amqps://h:1/hub/$management", "//"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		a, err := ParseAddress(text)
		if err != nil {
			if !fault.Is(err, fault.Invalid) {
				t.Fatalf("kind of %v", err)
			}
			return
		}
		if back, err := ParseAddress("/" + a.String() + "/"); err != nil || back != a {
			t.Fatalf("%q became %q, then %+v, error %v", text, a, back, err)
		}
	})
}
