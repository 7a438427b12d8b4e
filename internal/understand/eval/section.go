package eval

import (
	"context"
	"slices"
	"strings"
)

// Section is a part of the evaluation.
type Section struct {
	Name string
	Run  func(ctx context.Context, s Sources) ([]Table, error)
}

// sections are all of them, in the order in which they are printed.
var sections = []Section{
	{"language", languageSection},
	{"borders", borderSection},
	{"personal", personalSection},
	{"sentiment", sentimentSection},
	{"adaptation", adaptationSection},
	{"discovery", discoverySection},
	{"sets", setsSection},
}

// Sections are those of these names, or all where none is named.
func Sections(names []string) []Section {
	if len(names) == 0 {
		return sections
	}
	return slices.DeleteFunc(slices.Clone(sections), func(s Section) bool { return !slices.Contains(names, s.Name) })
}

// SectionNames lists what there is.
func SectionNames() string {
	var names []string
	for _, s := range sections {
		names = append(names, s.Name)
	}
	return strings.Join(names, ", ")
}
