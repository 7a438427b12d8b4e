package contact

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/nyaruka/phonenumbers"
	"golang.org/x/net/idna"
	"golang.org/x/text/currency"
	"golang.org/x/text/language"

	"kolo/internal/foundation/fault"
)

// Limits of what is kept about a contact, in characters.
const (
	maxIdentity   = 254
	maxName       = 200
	maxKey        = 64
	maxValue      = 1000
	maxAttributes = 100
	maxMinor      = 1e15 // of a lifetime value, to either side
)

// Normalise checks a reference and brings it into normal form; region is the country (ISO 3166-1 alpha-2, may be empty)
// that phone numbers without one are read in, when the reference has none of its own: that is an attribute of the contact, too, unless
// its attributes say another. It returns what is wrong, with paths
// such as "email"; the reference is only fit for Resolve when that is nothing.
func (r *Ref) Normalise(region string) []fault.Field {
	var bad []fault.Field
	wrong := func(path, code, msg string) { bad = append(bad, fault.Field{Path: path, Code: code, Msg: msg}) }
	country, ok := NormCountry(r.Country)
	if !ok {
		wrong("country", "country", "that is not a country (ISO 3166-1 alpha-2, such as IL)")
	} else if country != "" {
		region = country
	}
	for k, value := range [...]string{r.External, r.Email, r.Phone} {
		if value == "" {
			r.norm[k] = ""
			continue
		}
		norm, problem := NormIdentity(kinds[k], value, region)
		if problem != "" {
			wrong(paths[k], string(kinds[k]), problem)
		}
		r.norm[k] = norm
	}
	r.Name = clean(r.Name)
	if utf8.RuneCountInString(r.Name) > maxName {
		wrong("name", "too_long", "the name is longer than 200 characters")
	}
	if lang, ok := normLanguage(r.Language); ok {
		r.Language = lang
	} else {
		wrong("language", "language", "that is not a language (BCP 47, such as he or pt-BR)")
	}
	if r.Account = strings.TrimSpace(r.Account); !sane(r.Account) {
		wrong("account", "external", "an account's id has at most 254 characters and none that cannot be printed")
	}
	if r.Value != nil {
		v := Money{r.Value.Minor, strings.ToUpper(r.Value.Currency)}
		if _, err := currency.ParseISO(v.Currency); err != nil {
			wrong("lifetime_value", "currency", "that is not a currency (ISO 4217, such as EUR)")
		}
		if v.Minor > maxMinor || v.Minor < -maxMinor {
			wrong("lifetime_value", "range", "an amount lies between -1,000,000,000,000,000 and 1,000,000,000,000,000 minor units")
		}
		r.Value = &v
	}
	attributes, problems := normAttributes(r.Attributes)
	r.Attributes, bad = attributes, append(bad, problems...)
	if r.Country = country; country != "" && r.Attributes["country"] == "" && len(r.Attributes) < maxAttributes {
		if r.Attributes == nil {
			r.Attributes = make(map[string]string, 1)
		}
		r.Attributes["country"] = country
	}
	r.ready = len(bad) == 0
	return bad
}

// paths of the identities in a Ref, in the order of kinds.
var paths = [...]string{"external_id", "email", "phone"}

// NormIdentity gives the form in which an identity is unique, or a sentence on what is wrong with it.
func NormIdentity(kind Kind, value, region string) (norm, problem string) {
	switch kind {
	case Email:
		return normEmail(value)
	case Phone:
		return normPhone(value, region)
	case External:
		if !sane(value) {
			return "", "an external id has at most 254 characters and none that cannot be printed"
		}
		if strings.TrimSpace(value) == "" {
			return "", "an external id of nothing but space names nobody"
		}
		return value, ""
	}
	return "", "an identity is an email, a phone or an external id"
}

// normEmail is for finding people, not for judging addresses: it refuses what no mail server would take.
func normEmail(value string) (norm, problem string) {
	const no = "that is not an e-mail address"
	norm = strings.ToLower(strings.TrimSpace(value))
	at := strings.LastIndexByte(norm, '@')
	if at < 1 || at > 64 || at == len(norm)-1 || !sane(norm) || strings.ContainsAny(norm, " ,;<>()[]\\\"\t") {
		return "", no
	}
	local, domain := norm[:at], norm[at+1:]
	if local[0] == '.' || local[at-1] == '.' || strings.Contains(local, "..") || strings.Contains(local, "@") {
		return "", no
	}
	if !ascii(domain) {
		var err error
		if domain, err = idna.Lookup.ToASCII(domain); err != nil {
			return "", no
		}
	}
	dots := 0
	for label := range strings.SplitSeq(domain, ".") {
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' {
			return "", no
		}
		for i := range len(label) {
			if c := label[i]; (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' {
				return "", no
			}
		}
		dots++
	}
	if dots < 2 {
		return "", no
	}
	return local + "@" + domain, ""
}

func normPhone(value, region string) (norm, problem string) {
	if !sane(value) {
		return "", "that is not a phone number"
	}
	n, err := phonenumbers.Parse(value, region)
	if err != nil || !phonenumbers.IsPossibleNumber(n) {
		if region == "" && !strings.HasPrefix(strings.TrimSpace(value), "+") {
			return "", "that is not a phone number with its country (+972 54 ...)"
		}
		return "", "that is not a phone number"
	}
	return phonenumbers.Format(n, phonenumbers.E164), ""
}

// normLanguage gives the canonical BCP 47 tag.
func normLanguage(s string) (string, bool) {
	if s == "" || len(s) == 2 && s[0] >= 'a' && s[0] <= 'z' && s[1] >= 'a' && s[1] <= 'z' {
		return s, true // nearly all of them
	}
	tag, err := language.Parse(strings.TrimSpace(s))
	if err != nil || tag == language.Und {
		return "", false
	}
	return tag.String(), true
}

// normAttributes cleans keys and values. An empty value says nothing and is left out.
func normAttributes(in map[string]string) (map[string]string, []fault.Field) {
	if len(in) == 0 {
		return nil, nil
	}
	var bad []fault.Field
	out := make(map[string]string, len(in))
	for key, value := range in {
		k := Key(key)
		v := clean(value)
		switch {
		case k == "" || utf8.RuneCountInString(k) > maxKey:
			bad = append(bad, fault.Field{Path: "attributes", Code: "key", Msg: "an attribute's name has 1 to 64 characters"})
		case utf8.RuneCountInString(v) > maxValue:
			bad = append(bad, fault.Field{Path: "attributes." + k, Code: "too_long", Msg: "an attribute has at most 1000 characters"})
		case v != "":
			out[k] = v
		}
	}
	if len(out) > maxAttributes {
		bad = append(bad, fault.Field{Path: "attributes", Code: "too_many", Msg: "a contact has at most 100 attributes"})
	}
	return out, bad
}

// Key is the form in which an attribute's name is kept: lower case, anything that is neither a letter, a digit nor a dot
// made an underscore, so that "Plan type" and "plan_type" are one.
func Key(s string) string {
	if plainKey(s) {
		return s
	}
	s = strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r) || r == '.' {
			return unicode.ToLower(r)
		}
		return '_'
	}, strings.TrimSpace(strings.ToValidUTF8(s, "")))
	return strings.Trim(s, "_")
}

func plainKey(s string) bool {
	for i := range len(s) {
		if c := s[i]; (c < 'a' || c > 'z') && (c < '0' || c > '9') && (c != '_' || i == 0 || i == len(s)-1) {
			return false
		}
	}
	return true
}

// clean makes a text fit to be kept and shown on one line.
func clean(s string) string {
	if printable(s) {
		return strings.TrimSpace(s)
	}
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		switch {
		case r == '\t' || r == '\n' || r == '\r':
			return ' '
		case unicode.IsControl(r):
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "")))
}

// NormAccount is the external id of an account as it is kept, which may be ""; ok is false for what can be none.
func NormAccount(external string) (norm string, ok bool) {
	norm = strings.TrimSpace(external)
	return norm, sane(norm)
}

func sane(s string) bool {
	return len(s) <= 4*maxIdentity && utf8.RuneCountInString(s) <= maxIdentity && printable(s)
}

func printable(s string) bool {
	for i := range len(s) {
		if c := s[i]; c < 0x20 || c >= 0x7f {
			return utf8.ValidString(s) && !strings.ContainsFunc(s, unicode.IsControl)
		}
	}
	return true
}

func ascii(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
