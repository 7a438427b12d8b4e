package config

import (
	"errors"
	"fmt"
	"math"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
)

const redacted = "[redacted]"

// Secret is a text that prints as [redacted]; string(s) is the text itself.
type Secret string

// String hides the secret.
func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return redacted
}

// GoString hides the secret from %#v.
func (s Secret) GoString() string { return strconv.Quote(s.String()) }

// MarshalText hides the secret from JSON and from logs.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// URL is an address that prints without what is secret in it; string(u) is the address itself.
type URL string

// String hides the password, and what parameters say that may be one.
func (u URL) String() string {
	if u == "" {
		return ""
	}
	p, err := url.Parse(string(u))
	if err != nil {
		return redacted
	}
	if _, ok := p.User.Password(); ok {
		p.User = url.UserPassword(p.User.Username(), "xxxxx")
	}
	q := p.Query()
	for name := range q {
		if n := strings.ToLower(name); strings.Contains(n, "pass") || strings.Contains(n, "key") || strings.Contains(n, "token") || strings.Contains(n, "secret") {
			q.Set(name, "xxxxx")
		}
	}
	if len(q) > 0 {
		p.RawQuery = q.Encode()
	}
	return p.String()
}

// GoString hides the secret from %#v.
func (u URL) GoString() string { return strconv.Quote(u.String()) }

// MarshalText hides the secret from JSON and from logs.
func (u URL) MarshalText() ([]byte, error) { return []byte(u.String()), nil }

func parseURL(s string, schemes []string) (URL, error) {
	p, err := url.Parse(s)
	if err != nil {
		return "", errors.New("is not a URL") // the parser's text would quote it, password and all
	}
	for _, scheme := range schemes {
		if p.Scheme == scheme {
			if p.Hostname() == "" && p.Query().Get("host") == "" { // PostgreSQL's sockets are a parameter
				return "", errors.New("has no host")
			}
			return URL(s), nil
		}
	}
	return "", fmt.Errorf("must begin with %s://", strings.Join(schemes, ":// or "))
}

// Size is a number of bytes, written "32MiB".
type Size int64

var units = []struct {
	name string
	size int64
}{
	{"TiB", 1 << 40}, {"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10},
	{"TB", 1e12}, {"GB", 1e9}, {"MB", 1e6}, {"kB", 1e3}, {"B", 1},
}

// String is the size in the largest unit that it is a whole number of.
func (s Size) String() string {
	for _, u := range units {
		if s != 0 && int64(s)%u.size == 0 {
			return strconv.FormatInt(int64(s)/u.size, 10) + u.name
		}
	}
	return "0B"
}

// ParseSize reads a number of bytes: "64MiB", "1.5 GB", "1000".
func ParseSize(s string) (Size, error) {
	number, factor := strings.TrimSpace(s), int64(1)
	for _, u := range units {
		if n := len(number) - len(u.name); n > 0 && strings.EqualFold(number[n:], u.name) {
			number, factor = strings.TrimSpace(number[:n]), u.size
			break
		}
	}
	f, err := strconv.ParseFloat(number, 64)
	if err != nil || math.IsNaN(f) || f < 0 || f*float64(factor) >= math.MaxInt64 {
		return 0, errors.New(`is not a size such as "64MiB"`)
	}
	return Size(f * float64(factor)), nil
}

// Prefixes are networks; a single address is a network of one.
type Prefixes []netip.Prefix

// String lists the networks.
func (p Prefixes) String() string {
	words := make([]string, len(p))
	for i, n := range p {
		if words[i] = n.String(); n.IsSingleIP() {
			words[i] = n.Addr().String()
		}
	}
	return strings.Join(words, ", ")
}

// Contains tells whether the address is in one of the networks.
func (p Prefixes) Contains(a netip.Addr) bool {
	a = a.Unmap().WithZone("")
	for _, n := range p {
		if n.Contains(a) {
			return true
		}
	}
	return false
}

func parsePrefixes(s string) (Prefixes, error) {
	var out Prefixes
	for _, word := range strings.FieldsFunc(s, func(r rune) bool { return r == ',' || r == ' ' }) {
		if a, err := netip.ParseAddr(word); err == nil {
			a = a.Unmap().WithZone("")
			out = append(out, netip.PrefixFrom(a, a.BitLen()))
			continue
		}
		n, err := netip.ParsePrefix(word)
		if err != nil {
			return nil, fmt.Errorf(`%q is neither an address nor a network such as "10.0.0.0/8"`, word)
		}
		out = append(out, n.Masked())
	}
	return out, nil
}
