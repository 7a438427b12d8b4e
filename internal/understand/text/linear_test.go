//go:build unix

package text

import (
	"strings"
	"syscall"
	"testing"
	"time"
)

// cpu is the processor time that this process has taken, which, unlike the clock, other processes do not change much.
func cpu() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// hostile are texts that tempt a program to start over at each character.
var hostile = []string{
	"a", "א", "a ", "a, ", "a. ", "a! ? ", "!,", "a@", "a@a.", "a.a@", "@a.", "http://", "http://)", "www.a.", "a.b-", "1 ", "1-", "(1", "+1 ", "1:", "1.1.1.1 ", "f:f",
	"052-555-0199 ", "0123456789 ", "il62 0108 ", "gb00", "4111 1111 1111 1111 ", "\u0301", "a\u0301", "\u200b", "\u202e", "👍", "🇮", "👍🏽\u200d", "\xff", "\xf0\x9f", "\n", " ", "\ufdfa",
	"Mr. ", "Regards,\n", "ул. ", "ул. а, ", "12 A ", "my name is ", "— A ", "и ", "אבל ", "but ", "ولی ", "while ", "\"", "''", "צה\"ל", ":)", ":", "中", "ก", "?token=", "https://a?",
	"Петрович ", "договор ", "iban ", "-", " - ", "• ", "(", ") ", "e.g. ",
	"Contact: A ", "Contact: Dana Cohen, ", "this is A B ", "this is ", "Dana Cohen ", "Dana Cohen 052-555-0199, ", "Dana ", "Dana-", "Dana de ", "A. ", "A. B", "דנה ", "דנה-", "דנה בן ", "דנה כהן, 0525550199 ", "אני ",
	"my @a ", "@a ", "my telegram ", "a at b dot ", "a dot ", "at ", "A1 1AA ", "1 A Street, A ", "ID 123456782 ",
}

// At no time may a text cost more than in proportion to its length: 24 times the text, about 24 times the work. What is
// counted is processor time, the least of several runs, held against a quarter of what work in squares would take.
func TestLinear(t *testing.T) { // not parallel: it looks at the time that the whole process takes
	if testing.Short() {
		t.Skip("takes seconds")
	}
	const short, times = 2 << 10, 24
	fastest := func(s string, runs int) time.Duration {
		best := time.Hour
		for range runs {
			began := cpu()
			words := Words(s)
			ClausesOf(s, words)
			Personal(s, "ru")
			Terms(words, "en")
			Fingerprint(words)
			Detect(s)
			best = min(best, cpu()-began)
		}
		return best
	}
	for _, unit := range hostile {
		small, large := strings.Repeat(unit, short/len(unit)+1), strings.Repeat(unit, times*short/len(unit)+1)
		a := max(fastest(small, 5), 200*time.Microsecond) // less is not told apart
		if b := fastest(large, 1); b > a*times*6 {
			if b = min(b, fastest(large, 3)); b > a*times*6 { // a quarter of what squares would take
				t.Errorf("%q: %d kB take %v, %d times as much takes %v", unit, short>>10, a, times, b)
			}
		}
	}
}
