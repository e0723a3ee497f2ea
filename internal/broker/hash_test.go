package broker

import "testing"

// The vectors come from running the official JavaScript client's hasher.
func TestHash(t *testing.T) {
	for _, v := range []struct {
		key       string
		hash      int16
		of4, of32 int
	}{
		{"a", -16220, 0, 28},
		{"alphabet", -23478, 2, 22},
		{"TestKey", 11417, 1, 25},
		{"7", -15263, 3, 31},
		{"19", -26597, 1, 5},
		{"device-123", -4001, 1, 1},
		{"", 0, 0, 0},
		{"0123456789ab", -17054, 2, 30},
		{"0123456789abc", -4167, 3, 7},
		{"éè-ü", -7170, 2, 2},
	} {
		if got := Hash(v.key); got != v.hash {
			t.Errorf("Hash(%q) = %d, want %d", v.key, got, v.hash)
		}
		if got := PartitionOf(v.key, 4); got != v.of4 {
			t.Errorf("PartitionOf(%q, 4) = %d, want %d", v.key, got, v.of4)
		}
		if got := PartitionOf(v.key, 32); got != v.of32 {
			t.Errorf("PartitionOf(%q, 32) = %d, want %d", v.key, got, v.of32)
		}
	}
}

func BenchmarkHash(b *testing.B) {
	for b.Loop() {
		Hash("device-00000000123")
	}
}
