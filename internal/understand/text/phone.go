package text

import (
	"bytes"
	"slices"
	"strconv"
	"strings"

	"github.com/nyaruka/phonenumbers"
)

// regions are the countries whose numbers are looked for, by language.
var regions = map[string][]string{
	"en": {"GB", "US", "IN", "AU", "IE", "ZA"}, "he": {"IL"}, "fa": {"IR", "AF"}, "ru": {"RU", "BY", "UA", "KZ"}, "uk": {"UA"}, "be": {"BY"}, "kk": {"KZ"},
	"ar": {"SA", "AE", "EG", "JO", "IL"}, "de": {"DE", "AT", "CH"}, "fr": {"FR", "BE", "CH"}, "es": {"ES", "MX", "AR", "CO"}, "it": {"IT"}, "pt": {"BR", "PT"},
	"tr": {"TR"}, "pl": {"PL"}, "nl": {"NL", "BE"}, "cs": {"CZ"}, "sv": {"SE"}, "no": {"NO"}, "da": {"DK"}, "fi": {"FI"}, "el": {"GR"}, "ro": {"RO"},
	"hu": {"HU"}, "bg": {"BG"}, "hi": {"IN"}, "bn": {"BD", "IN"}, "ur": {"PK"}, "ja": {"JP"}, "ko": {"KR"}, "zh": {"CN", "TW", "HK"}, "th": {"TH"},
	"vi": {"VN"}, "id": {"ID"}, "ka": {"GE"}, "hy": {"AM"}, "az": {"AZ"}, "uz": {"UZ"}, "sr": {"RS"}, "hr": {"HR"}, "sk": {"SK"}, "sl": {"SI"},
}

// elsewhere are the countries whose numbers are looked for in other languages too, where they are written as numbers are.
var elsewhere = []string{"IL", "IR", "RU", "GB", "US"}

// mostParsed is how often the rules of countries are asked in one text, which is dear. No text has as many numbers but one
// that is nothing else, and there the prefix and the length must do.
const mostParsed = 5000

// phone tells whether a stretch is a telephone number.
func (f *finder) phone(groups []group, d []byte, start, end int, called string, plus, glued bool) bool {
	if len(d) < 7 || len(d) > 15 || glued || len(groups) > 7 && len(groups) != len(d) {
		return false
	}
	raw := string(d)
	if plus {
		if f.parsed++; f.parsed > mostParsed {
			return true
		}
		n, err := phonenumbers.Parse("+"+raw, "")
		return err == nil && (phonenumbers.IsPossibleNumber(n) || called == "phone")
	}
	if called == "order" || called == "account" || called == "version" {
		return false
	}
	if containsAny(f.after(end, 8), moneyWords) || thousands(f.b[start:end], groups) {
		return false
	}
	if len(groups) == 1 && f.mobile(raw) {
		return true
	}
	if f.lang == Undetermined && raw[0] != '0' && slices.ContainsFunc(elsewhere[:3], func(r string) bool { return f.abroad(raw, r) }) {
		return true
	}
	if home := regions[f.lang]; len(home) > 0 && raw[0] != '0' && raw[0] != '8' && f.abroad(raw, home[0]) {
		return true
	}
	shaped := len(groups) >= 2 || f.b[start] == '('
	own := regions[f.lang]
	for k, region := range append(own[:len(own):len(own)], elsewhere...) {
		if k >= len(own) && !(shaped || f.lang == Undetermined) || k >= len(own) && slices.Contains(own, region) {
			continue
		}
		prefixed := raw[0] == '0'
		switch region {
		case "RU", "KZ":
			prefixed = len(d) == 11 && (raw[0] == '8' || raw[0] == '7') || len(d) == 10 && raw[0] == '9' && region == "RU"
		case "IR": // mobile numbers are given without the zero too
			prefixed = prefixed || len(d) == 10 && raw[0] == '9'
		case "IL":
			prefixed = prefixed || shaped && len(d) == 10 && (strings.HasPrefix(raw, "1700") || strings.HasPrefix(raw, "1800") || strings.HasPrefix(raw, "1599"))
		case "US":
			prefixed = shaped && (len(d) == 10 || len(d) == 11 && raw[0] == '1') && (usShape(groups) || f.b[start] == '(')
		case "ES", "IT", "PL", "NO", "DK", "CZ", "GR":
			prefixed = shaped || called == "phone"
		}
		if !prefixed && called != "phone" {
			continue
		}
		if f.parsed++; f.parsed > mostParsed {
			return prefixed && len(d) >= 9
		}
		n, err := phonenumbers.Parse(raw, region)
		if err != nil {
			continue
		}
		if phonenumbers.IsValidNumberForRegion(n, region) || (called == "phone" || shaped && prefixed) && phonenumbers.IsPossibleNumber(n) && len(d) >= 9 {
			return true
		}
	}
	// "555-0188": a local number, as people give it.
	if len(d) == 7 && len(groups) <= 3 && (shaped && groups[0].end-groups[0].start == 3 && (len(groups) == 3 || groups[1].end-groups[1].start == 4) && f.b[groups[0].end] == '-' || called == "phone" && shaped) {
		return true
	}
	return called == "phone" && len(d) >= 9 && (shaped || len(d) <= 12)
}

// mobiles are the first digits and the length of mobile numbers in the countries of the languages that Kolo reads best, as they
// are dialled at home and from abroad. Which are given out is not asked: people and those who test write others, too.
var mobiles = []struct {
	prefix string
	digits int
}{{"05", 10}, {"9725", 12}, {"009725", 14}, {"09", 11}, {"989", 12}, {"00989", 14}, {"89", 11}, {"79", 11}, {"0079", 13}}

// mobile tells whether a run of digits is a mobile number by its first digits and its length, in a text in one of those languages.
func (f *finder) mobile(raw string) bool {
	switch f.lang {
	case "en", "he", "fa", "ru", Undetermined:
	default:
		return false
	}
	for _, m := range mobiles {
		if len(raw) == m.digits && strings.HasPrefix(raw, m.prefix) {
			return true
		}
	}
	return false
}

// abroad tells whether digits are a number of a country with its code in front, but without the plus.
func (f *finder) abroad(raw, region string) bool {
	code := strconv.Itoa(phonenumbers.GetCountryCodeForRegion(region))
	if !strings.HasPrefix(raw, code) || len(raw) < len(code)+8 {
		return false
	}
	if f.parsed++; f.parsed > mostParsed {
		return true
	}
	n, err := phonenumbers.Parse("+"+raw, "")
	return err == nil && phonenumbers.IsValidNumberForRegion(n, region) && len(raw) >= 11
}

// usShape tells whether digits stand as 3-3-4, or 1-3-3-4.
func usShape(groups []group) bool {
	k := 0
	if groups[0].end-groups[0].start == 1 {
		k = 1
	}
	return len(groups) == k+3 && groups[k].end-groups[k].start == 3 && groups[k+1].end-groups[k+1].start == 3 && groups[k+2].end-groups[k+2].start == 4
}

// thousands tells whether digits are a number written in threes: "12 500 000".
func thousands(b []byte, groups []group) bool {
	if len(groups) < 2 || groups[0].end-groups[0].start > 3 {
		return false
	}
	for _, g := range groups[1:] {
		if g.end-g.start != 3 {
			return false
		}
	}
	return b[0] != '0' && b[0] != '(' && !bytes.ContainsRune(b, '-')
}
