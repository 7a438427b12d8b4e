package config

import (
	"fmt"
	"io"
	"reflect"
	"strings"
	"text/tabwriter"
)

// Print lists each setting with its value, its default and where the value came from, secrets hidden.
func (c *Config) Print(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "VARIABLE\tVALUE\tDEFAULT\tFROM")
	v := reflect.ValueOf(c).Elem()
	for _, f := range fields() {
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\n", f.env, orDash(fmt.Sprint(v.Field(f.index).Interface())), orDash(f.fallback), c.origins[f.env])
	}
	return t.Flush()
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

// Reference writes the settings as a Markdown table: the one in docs/configuration.md.
func Reference(w io.Writer) error {
	var b strings.Builder
	b.WriteString("| Variable | Default | Meaning |\n|---|---|---|\n")
	for _, f := range fields() {
		name := "`" + f.env + "`"
		if f.secret {
			name += "<br>`" + f.env + "_FILE`"
		}
		fallback := "none"
		if f.fallback != "" {
			fallback = "`" + f.fallback + "`"
		}
		doc := strings.ReplaceAll(strings.ReplaceAll(f.doc, "|", `\|`), "'", "`")
		if allowed := f.tag.Get("oneof"); allowed != "" {
			doc += " One of `" + strings.Join(strings.Fields(allowed), "`, `") + "`."
		}
		lo, hi := f.tag.Get("min"), f.tag.Get("max")
		switch {
		case lo != "" && hi != "":
			doc += fmt.Sprintf(" From `%s` to `%s`.", lo, hi)
		case lo != "":
			doc += fmt.Sprintf(" At least `%s`.", lo)
		}
		fmt.Fprintf(&b, "| %s | %s | %s |\n", name, fallback, doc)
	}
	_, err := io.WriteString(w, b.String())
	return err
}
