// Package model holds the trained models that come with Kolo. `kolo eval train` writes them anew.
package model

import "embed"

// Files has a file NAME.bin for each language that has a model of its own, and any.bin for all others.
//
//go:embed *.bin
var Files embed.FS
