package storage

// compareCultural orders names of headers as the SDKs do, which imitate .NET's
// comparison by culture: by the weights of the characters, where the hyphen and the
// apostrophe have none; of names that are then the same, the one is first whose
// hyphen comes later (azblob's exported.compareHeaders, from the .NET runtime).
func compareCultural(a, b []byte) int {
	i, j := 0, 0
	for {
		for i < len(a) && weights[a[i]&0x7f] == 0 {
			i++
		}
		for j < len(b) && weights[b[j]&0x7f] == 0 {
			j++
		}
		wa, wb := endWeight, endWeight
		if i < len(a) {
			wa = int(weights[a[i]&0x7f])
		}
		if j < len(b) {
			wb = int(weights[b[j]&0x7f])
		}
		if wa != wb {
			return wa - wb
		}
		if wa == endWeight {
			return compareHyphens(a, b)
		}
		i, j = i+1, j+1
	}
}

// compareHyphens compares names that differ in what has no weight alone.
func compareHyphens(a, b []byte) int {
	for i, j := 0, 0; i < len(a) || j < len(b); {
		wa, wb := tieWeight(a, i), tieWeight(b, j)
		switch {
		case i != j:
			return j - i
		case wa == wb:
			i, j = i+1, j+1
		case wa == 0:
			i++
		case wb == 0:
			j++
		default:
			return wa - wb
		}
	}
	return 0
}

func tieWeight(s []byte, i int) int {
	switch {
	case i >= len(s):
		return endWeight
	case s[i] == '-':
		return 0x8212
	case s[i] == '\'':
		return 0x8012
	}
	return 0
}

const endWeight = 1

// weights are those of the characters that names of headers have.
var weights = [128]uint16{
	'!': 0x71c, '#': 0x71f, '$': 0x721, '%': 0x723, '&': 0x725, '*': 0x72d, '+': 0x803, '.': 0x733,
	'^': 0x743, '_': 0x744, '`': 0x748, '|': 0x74c, '~': 0x750,
	'0': 0xd03, '1': 0xd1a, '2': 0xd1c, '3': 0xd1e, '4': 0xd20, '5': 0xd22, '6': 0xd24, '7': 0xd26, '8': 0xd28, '9': 0xd2a,
	'a': 0xe02, 'b': 0xe09, 'c': 0xe0a, 'd': 0xe1a, 'e': 0xe21, 'f': 0xe23, 'g': 0xe25, 'h': 0xe2c, 'i': 0xe32,
	'j': 0xe35, 'k': 0xe36, 'l': 0xe48, 'm': 0xe51, 'n': 0xe70, 'o': 0xe7c, 'p': 0xe7e, 'q': 0xe89, 'r': 0xe8a,
	's': 0xe91, 't': 0xe99, 'u': 0xe9f, 'v': 0xea2, 'w': 0xea4, 'x': 0xea6, 'y': 0xea7, 'z': 0xea9,
}
