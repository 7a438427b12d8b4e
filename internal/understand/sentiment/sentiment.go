// Package sentiment tells whether a text praises or blames.
package sentiment

import "fmt"

// Label is what a text or a clause says about its matter.
type Label int8

// The labels. A text that both praises and blames is Mixed; a clause never is.
const (
	Negative Label = -1
	Neutral  Label = 0
	Positive Label = 1
	Mixed    Label = 2
)

// Labels are all of them, in the order in which tables show them.
var Labels = []Label{Negative, Neutral, Positive, Mixed}

// String is the label's name, as the API and files have it.
func (l Label) String() string {
	switch l {
	case Negative:
		return "negative"
	case Neutral:
		return "neutral"
	case Positive:
		return "positive"
	case Mixed:
		return "mixed"
	}
	return fmt.Sprintf("sentiment(%d)", int8(l))
}

// Parse reads a label's name.
func Parse(s string) (Label, error) {
	for _, l := range Labels {
		if l.String() == s {
			return l, nil
		}
	}
	return 0, fmt.Errorf("%q is no sentiment: negative, neutral, positive or mixed", s)
}

// MarshalText writes the label's name.
func (l Label) MarshalText() ([]byte, error) { return []byte(l.String()), nil }

// UnmarshalText reads the label's name.
func (l *Label) UnmarshalText(b []byte) (err error) {
	*l, err = Parse(string(b))
	return err
}
