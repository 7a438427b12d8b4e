package config

import (
	"bufio"
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"kolo/internal/foundation/fault"
)

// Load reads the settings from the environment (os.Environ()), the file that KOLO_CONFIG names, and flags. All that is
// wrong comes back at once, as one fault.Invalid with a field per variable. Warnings are for the log: variables that begin
// with KOLO_ and mean nothing.
func Load(environ []string, flags Flags) (c *Config, warnings []string, err error) {
	env := map[string]string{}
	for _, line := range environ {
		if name, value, ok := strings.Cut(line, "="); ok && strings.HasPrefix(name, "KOLO_") {
			env[name] = value
		}
	}
	var wrong []fault.Field
	layers := []layer{{"environment", env}}
	if path := deref(flags.Config, env["KOLO_CONFIG"]); path != "" {
		values, bad := readFile(path)
		wrong = append(wrong, bad...)
		layers = append([]layer{{"file " + path, values}}, layers...)
	}
	delete(env, "KOLO_CONFIG")
	layers = append(layers, layer{"flag", flags.values()})

	c = &Config{origins: map[string]string{}}
	known := map[string]bool{}
	for _, f := range fields() {
		known[f.env] = true
		value, origin := f.fallback, "default"
		for _, l := range layers {
			v, ok := l.values[f.env]
			from := l.name
			if f.secret {
				known[f.env+"_FILE"] = true
				if path := l.values[f.env+"_FILE"]; path != "" {
					if v != "" {
						wrong = append(wrong, fault.Field{Path: f.env, Code: "conflict", Msg: "is set, and so is " + f.env + "_FILE: one of them must go"})
						continue
					}
					text, err := os.ReadFile(path)
					if err != nil {
						wrong = append(wrong, fault.Field{Path: f.env + "_FILE", Code: "file", Msg: "cannot be read: " + err.Error()})
						continue
					}
					v, ok, from = strings.TrimRight(string(text), "\r\n"), true, "file "+path
				}
			}
			// Set to nothing is not set: compose files pass variables on that way.
			if ok && v != "" {
				value, origin = v, from
			}
		}
		if err := f.set(reflect.ValueOf(c).Elem().Field(f.index), value); err != nil {
			wrong = append(wrong, fault.Field{Path: f.env, Code: "invalid", Msg: err.Error() + " (from " + origin + ")"})
		}
		c.origins[f.env] = origin
	}
	var unknown []fault.Field
	for _, l := range layers {
		for name := range l.values {
			if !known[name] && !strings.HasPrefix(name, "KOLO_TEST_") {
				text := "is not a setting" + meant(name, known)
				warnings = append(warnings, name+" ("+l.name+") "+text)
				unknown = append(unknown, fault.Field{Path: name, Code: "unknown", Msg: text + " (from " + l.name + ")"})
			}
		}
	}
	slices.Sort(warnings)
	// What is wrong by itself says nothing of the settings beside it.
	named := map[string]bool{}
	for _, w := range wrong {
		named[strings.TrimSuffix(w.Path, "_FILE")] = true
	}
	for _, w := range c.check() {
		if !named["KOLO_CONFIG"] && !slices.ContainsFunc(w.about, func(name string) bool { return named[name] }) {
			wrong = append(wrong, w.Field)
		}
	}
	if len(wrong) > 0 {
		slices.SortFunc(unknown, func(a, b fault.Field) int { return strings.Compare(a.Path, b.Path) })
		wrong = append(wrong, unknown...) // where nothing else is wrong a warning is enough
		return nil, warnings, &fault.Error{Kind: fault.Invalid, Op: "config.Load", Msg: "the settings are not valid", Fields: wrong}
	}
	return c, warnings, nil
}

// layer is one place that values come from.
type layer struct {
	name   string
	values map[string]string
}

func deref(p *string, otherwise string) string {
	if p != nil {
		return *p
	}
	return otherwise
}

func (f Flags) values() map[string]string {
	out := map[string]string{}
	v := reflect.ValueOf(f)
	for i := range v.NumField() {
		if p, ok := v.Field(i).Interface().(*string); ok && p != nil {
			if name := v.Type().Field(i).Tag.Get("var"); name != "" {
				out[name] = *p
			}
		}
	}
	return out
}

// readFile reads KEY=value lines. Lines that are empty or begin with # say nothing; a value may stand in double quotes, with
// Go's escapes, or in single ones, as it is.
func readFile(path string) (values map[string]string, wrong []fault.Field) {
	file, err := os.Open(path)
	if err != nil {
		return nil, []fault.Field{{Path: "KOLO_CONFIG", Code: "file", Msg: "cannot be read: " + err.Error()}}
	}
	defer file.Close()
	values = map[string]string{}
	lines := bufio.NewScanner(file)
	for n := 1; lines.Scan(); n++ {
		at := fmt.Sprintf("%s:%d", path, n)
		line := strings.TrimSpace(strings.TrimPrefix(lines.Text(), "\ufeff"))
		if line == "" || line[0] == '#' {
			continue
		}
		name, value, ok := strings.Cut(line, "=")
		name, value = strings.TrimSpace(name), strings.TrimSpace(value)
		if !ok || name == "" {
			wrong = append(wrong, fault.Field{Path: at, Code: "syntax", Msg: "is not KEY=value"})
			continue
		}
		if len(value) >= 2 && value[0] == '\'' && value[len(value)-1] == '\'' {
			value = value[1 : len(value)-1]
		} else if strings.HasPrefix(value, `"`) {
			if value, err = strconv.Unquote(value); err != nil {
				wrong = append(wrong, fault.Field{Path: at, Code: "syntax", Msg: "has a value whose quotes are not in order"})
				continue
			}
		}
		if _, twice := values[name]; twice {
			wrong = append(wrong, fault.Field{Path: at, Code: "conflict", Msg: "sets " + name + " a second time"})
		}
		values[name] = value
	}
	if err := lines.Err(); err != nil {
		wrong = append(wrong, fault.Field{Path: "KOLO_CONFIG", Code: "file", Msg: "cannot be read: " + err.Error()})
	}
	return values, wrong
}

// field is one setting, as its tags describe it.
type field struct {
	index              int
	env, fallback, doc string
	secret             bool
	tag                reflect.StructTag
}

func fields() []field {
	t := reflect.TypeFor[Config]()
	var out []field
	for i := range t.NumField() {
		tag := t.Field(i).Tag
		if env := tag.Get("env"); env != "" {
			out = append(out, field{i, env, tag.Get("default"), tag.Get("doc"), tag.Get("secret") != "", tag})
		}
	}
	return out
}

// set reads the text of a value into its field. The error goes on from the variable's name: "is not a number".
func (f field) set(v reflect.Value, text string) error {
	var err error
	switch p := v.Addr().Interface().(type) {
	case *string:
		*p = text
		if allowed := f.tag.Get("oneof"); allowed != "" && !slices.Contains(strings.Fields(allowed), text) {
			return fmt.Errorf("is %q and must be %s", text, strings.Join(strings.Fields(allowed), " or "))
		}
		if f.env == "KOLO_LISTEN" {
			return checkListen(text)
		}
	case *Secret:
		*p = Secret(text)
	case *URL:
		if text != "" {
			*p, err = parseURL(text, strings.Fields(f.tag.Get("schemes")))
		}
	case *Prefixes:
		*p, err = parsePrefixes(text)
	case *slog.Level:
		if err = p.UnmarshalText([]byte(text)); err != nil {
			err = fmt.Errorf("is %q and must be debug, info, warn or error", text)
		}
	case *Size:
		err = ranged(p, f.tag, text, ParseSize)
	case *int:
		err = ranged(p, f.tag, text, func(s string) (int, error) {
			n, err := strconv.Atoi(strings.TrimSpace(s))
			if err != nil {
				err = fmt.Errorf("is %q, which is not a whole number", s)
			}
			return n, err
		})
	case *time.Duration:
		err = ranged(p, f.tag, text, func(s string) (time.Duration, error) {
			d, err := time.ParseDuration(strings.TrimSpace(s))
			if err != nil {
				err = fmt.Errorf(`is %q, which is not a duration such as "30s" or "5m"`, s)
			}
			return d, err
		})
	default:
		err = fmt.Errorf("has a type that nobody reads: %T", p)
	}
	return err
}

// ranged parses a value and holds it against the tags min and max.
func ranged[T cmp.Ordered](to *T, tag reflect.StructTag, text string, parse func(string) (T, error)) error {
	v, err := parse(text)
	if err != nil {
		return err
	}
	*to = v
	for _, limit := range []struct {
		name string
		sign int
		word string
	}{{"min", -1, "at least"}, {"max", 1, "at most"}} {
		if s := tag.Get(limit.name); s != "" {
			bound, err := parse(s)
			if err != nil {
				return err
			}
			if cmp.Compare(v, bound) == limit.sign {
				return fmt.Errorf("is %s and must be %s %s", text, limit.word, s)
			}
		}
	}
	return nil
}

func checkListen(s string) error {
	_, port, err := net.SplitHostPort(s)
	if err != nil {
		return errors.New(`is not an address and port such as "127.0.0.1:8080"`)
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		return fmt.Errorf("has the port %q, which is not a number from 0 to 65535", port)
	}
	return nil
}

// meant guesses which setting a name was to be.
func meant(name string, known map[string]bool) string {
	best, least := "", 4 // more than three slips are no slip
	for k := range known {
		if d := fault.Slips(name, k); d < least || d == least && k < best {
			best, least = k, d
		}
	}
	if best == "" || least >= 4 {
		return ""
	}
	return "; " + best + " is"
}
