package learn

import "golang.org/x/sys/cpu"

// wide tells whether eight outputs can be summed at once.
var wide = cpu.X86.HasAVX2

// sum8 adds to eight outputs, for each of n rows, its value times the eight weights that stand stride apart by row. It multiplies and adds one
// by one, as the plain loop does, so that the sums are the same to the last bit.
//
//go:noescape
func sum8(out *float32, weights *int8, stride int, rows *uint32, values *float32, n int)

// sum32 is sum8 for thirty-two outputs.
//
//go:noescape
func sum32(out *float32, weights *int8, stride int, rows *uint32, values *float32, n int)
