package streamsql

import "testing"

// The fast way to read the common form is a second opinion on what the form is:
// it must be the first one's, whatever stands in any place.
func TestPlainDateTimeAgreesWithTheParser(t *testing.T) {
	for _, good := range []string{
		"2022-05-04T20:30:15Z", "2022-05-04 20:30:15", "2024-02-29T23:59:59.1234567Z", "0001-01-01T00:00:00.000+00:00",
		"1999-12-31T09:08:07.12345678-03:30", "9999-12-31T23:59:59.9Z",
	} {
		if ticks, ok := ParseDateTime(good); !ok || TicksOf(TimeOf(ticks)) != ticks {
			t.Errorf("%q is %d, %v", good, ticks, ok)
		}
		for i := range good {
			for c := range 256 {
				text := []byte(good)
				text[i] = byte(c)
				p := dateParser{s: string(text)}
				want, known := p.dateTime()
				if ticks, ok := ParseDateTime(string(text)); ticks != want || ok != known {
					t.Fatalf("%q is %d %v, and %d %v by the parser of all forms", text, ticks, ok, want, known)
				}
			}
			if _, ok := ParseDateTime(good[:i]); ok && i < len("yyyy-mm-dd") {
				t.Errorf("%q is a time", good[:i])
			}
		}
	}
}

func BenchmarkParseDateTime(b *testing.B) {
	for name, text := range map[string]string{"milliseconds": "2024-01-01T00:12:13.123Z", "zone": "2024-01-01T00:12:13.123456+00:00"} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if _, ok := ParseDateTime(text); !ok {
					b.Fatal(text)
				}
			}
		})
	}
}
