package app

import "os"

// roomy is how many bytes are made at least between two runs of the collector.
const roomy = 64 << 20

// giveRoom keeps the collector from running each few megabytes. It runs when the heap
// has doubled, and here little of it lives long: with ten megabytes alive, requests that
// make eight kilobytes each had it run ten times a second, a twelfth of all the work.
// What is given is counted as alive and never touched, so it takes no memory. Whoever
// sets GOGC or GOMEMLIMIT has decided already.
func giveRoom() (room []byte) {
	if os.Getenv("GOGC") != "" || os.Getenv("GOMEMLIMIT") != "" {
		return nil
	}
	return make([]byte, roomy)
}
