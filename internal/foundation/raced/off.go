//go:build !race

package raced

// On tells whether the program was built with the race detector.
const On = false
