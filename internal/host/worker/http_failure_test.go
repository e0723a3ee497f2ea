package worker

import "testing"

func TestSplitTrace(t *testing.T) {
	for in, want := range map[string][2]string{
		"just words": {"just words", ""},
		"Traceback (most recent call last):\n  File \"s.py\", line 7, in f\n    x\nNameError: x\n": {"NameError: x", "Traceback (most recent call last):\n  File \"s.py\", line 7, in f\n    x\nNameError: x"},
		"no stock\nTraceback (most recent call last):\n  File \"s.py\", line 7\nE: y":              {"no stock", "Traceback (most recent call last):\n  File \"s.py\", line 7\nE: y"},
		"TypeError: x\n    at f (/app/a.js:2:1)\n":                                                 {"TypeError: x", "at f (/app/a.js:2:1)"},
		"panic: x\ngoroutine 7 [running]:\nmain.f()\n\t/app/main.go:3":                             {"panic: x", "goroutine 7 [running]:\nmain.f()\n\t/app/main.go:3"},
	} {
		if message, stack := splitTrace(in); message != want[0] || stack != want[1] {
			t.Errorf("%q: %q and %q", in, message, stack)
		}
	}
}
