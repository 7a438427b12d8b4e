//go:build race

// Package raced tells tests whether the race detector watches: long arithmetic on one goroutine is shortened or left out then, for it
// gains nothing and takes ten times as long. `make check` runs the packages that import it once more without the detector.
package raced

// On tells whether the program was built with the race detector.
const On = true
