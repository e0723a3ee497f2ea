package cosmos

import "testing"

// The expected keys are published test vectors of the JavaScript SDK's hashing.
func TestEffectivePartitionKeyVectors(t *testing.T) {
	str := func(s string) keyPart { return keyPart{mark: markString, str: s} }
	num := func(f float64) keyPart { return keyPart{mark: markNumber, num: f} }
	tests := []struct {
		name string
		got  string
		want string
	}{
		{"v2 string", epkV2([]keyPart{str("partitionKey")}), "013AEFCF77FA271571CF665A58C933F1"},
		{"v2 string redmond", epkV2([]keyPart{str("redmond")}), "22E342F38A486A088463DFF7838A5963"},
		{"v2 number", epkV2([]keyPart{num(5)}), "19C08621B135968252FB34B4CF66F811"},
		{"v2 true", epkV2([]keyPart{{mark: markTrue}}), "0E711127C5B5A8E4726AC6DD306A3E59"},
		{"v2 null", epkV2([]keyPart{{mark: markNull}}), "378867E4430E67857ACE5C908374FE16"},
		{"v2 undefined", epkV2([]keyPart{{}}), "11622DAA78F835834610ABE56EFF5CB5"},
		{"v1 string", epkV1([]keyPart{str("partitionKey")}), "05C1E1B3D9CD2608716273756A756A706F4C667A00"},
		{"v1 empty string", epkV1([]keyPart{str("")}), "05C1CF33970FF80800"},
		{"v1 null", epkV1([]keyPart{{mark: markNull}}), "05C1ED45D7475601"},
		{"v1 true", epkV1([]keyPart{{mark: markTrue}}), "05C1D7C5A903D803"},
		{"v1 number", epkV1([]keyPart{num(5)}), "05C1D9C1C5517C05C014"},
	}
	for _, tt := range tests {
		if tt.got != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, tt.got, tt.want)
		}
	}
}

func TestHierarchicalKeyIsItsPartsKeys(t *testing.T) {
	a, b := keyPart{mark: markString, str: "redmond"}, keyPart{mark: markNumber, num: 5}
	if got, want := epkMulti([]keyPart{a, b}), epkV2([]keyPart{a})+epkV2([]keyPart{b}); got != want {
		t.Errorf("%s, want %s", got, want)
	}
}
