// Package text reads texts before any model does: pure functions, linear in the length of the text.
package text

// Span is a piece of a text: bytes Start to End (exclusive) of the original, on rune borders.
type Span struct{ Start, End int }
