// Package text reads what customers write, in any language, before anybody judges it: it folds a text to one form for
// matching and knows the way back to the original, cuts it into words and clauses, tells its language, finds copies and
// near copies, and finds and masks personal data.
//
// Everything here is a pure function of its input, safe for concurrent use, never fails, and takes time that grows
// linearly with the length of the text, whatever the bytes are: broken UTF-8, a megabyte of one mark, only emoji.
// Positions are bytes of the original text; every span that is given out lies on borders of runes of the original.
package text

// Span is a stretch of a text: bytes from Start up to, not including, End.
type Span struct{ Start, End int }

// Of is the stretch of s; what lies outside s is left out.
func (sp Span) Of(s string) string {
	start := min(max(sp.Start, 0), len(s))
	return s[start:max(start, min(sp.End, len(s)))]
}

// Len is the length in bytes.
func (sp Span) Len() int { return sp.End - sp.Start }

// Contains tells whether all of other lies within sp.
func (sp Span) Contains(other Span) bool { return sp.Start <= other.Start && other.End <= sp.End }

// Overlaps tells whether the two have a byte in common.
func (sp Span) Overlaps(other Span) bool { return sp.Start < other.End && other.Start < sp.End }
