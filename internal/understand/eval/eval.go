// Package eval measures how well texts are understood, on data that the models did not see.
package eval

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
)

// Table is one section of the evaluation.
type Table struct {
	Title   string
	Columns []string
	Rows    [][]string
	Notes   []string // what a reader must know: the split, what is missing
}

// Write prints the table for a terminal.
func (t Table) Write(w io.Writer) error {
	if _, err := fmt.Fprintf(w, "\n%s\n", t.Title); err != nil {
		return err
	}
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	if len(t.Columns) > 0 {
		fmt.Fprintln(tw, "  "+strings.Join(t.Columns, "\t"))
	}
	for _, row := range t.Rows {
		fmt.Fprintln(tw, "  "+strings.Join(row, "\t"))
	}
	if err := tw.Flush(); err != nil {
		return err
	}
	for _, n := range t.Notes {
		if _, err := fmt.Fprintf(w, "  (%s)\n", n); err != nil {
			return err
		}
	}
	return nil
}
