package column

import (
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
)

// EngineName says which database it is.
type EngineName string

// The engines.
const (
	DuckDB     EngineName = "duckdb"
	ClickHouse EngineName = "clickhouse"
)

// Dialect holds the fragments of SQL that differ between the engines. Its arguments are SQL themselves (a column, an
// expression, "$3"), never a customer's text, except for a key, which is quoted here.
type Dialect struct {
	Engine   EngineName
	extra    map[string]string          // the catch-all by table
	promoted map[string]map[string]bool // keys by table
}

// DialectFor makes a dialect without a database, for tests of whoever compiles SQL. promoted lists keys by table.
func DialectFor(engine EngineName, promoted map[string][]string, tables ...Table) Dialect {
	d := Dialect{Engine: engine, extra: map[string]string{}, promoted: map[string]map[string]bool{}}
	for _, t := range tables {
		d.extra[t.Name] = t.Extra
		d.promoted[t.Name] = map[string]bool{}
		for _, k := range promoted[t.Name] {
			d.promoted[t.Name][k] = true
		}
	}
	return d
}

func (d Dialect) pick(duck, click string) string {
	if d.Engine == ClickHouse {
		return click
	}
	return duck
}

// IntDiv is a divided by b as whole numbers, rounded towards zero. b must not be 0.
func (d Dialect) IntDiv(a, b string) string {
	return d.pick("(("+a+") // ("+b+"))", "intDiv("+a+", "+b+")")
}

// MonthOf is the number of the month, counted from January 1970, that holds a day, counted from 1 January 1970; of days of the common era.
func (d Dialect) MonthOf(day string) string {
	// Neri and Schneider, "Euclidean affine functions and their application to calendar algorithms" (2022): years and months begin in March.
	quarters := "(4 * (" + day + " + 719468) + 3)" // of a day, since 1 March of the year 0
	rest := "(4 * " + d.IntDiv(quarters+" % 146097", "4") + " + 3)"
	year := "(100 * " + d.IntDiv(quarters, "146097") + " + " + d.IntDiv(rest, "1461") + ")"
	month := d.IntDiv("2141 * "+d.IntDiv(rest+" % 1461", "4")+" + 197913", "65536") // 3 to 14
	return "(12 * " + year + " + " + month + " - 23641)"
}

// Contains tells whether a text contains another (byte for byte; an empty one is in every text). NULL when the text is.
func (d Dialect) Contains(text, part string) string {
	return d.pick("contains("+text+", "+part+")", "(position("+text+", "+part+") > 0)")
}

// Matches tells whether a regular expression in the syntax of RE2, which both engines have, fits a part of a text. NULL when the text is.
func (d Dialect) Matches(text, pattern string) string {
	return d.pick("regexp_matches("+text+", "+pattern+")", "(match("+text+", "+pattern+") = 1)")
}

// Without is a text with every occurrence of another, which must not be empty, taken out of it.
func (d Dialect) Without(text, part string) string {
	return d.pick("replace("+text+", "+part+", '')", "replaceAll("+text+", "+part+", '')")
}

// Parts gives a row for each part of a text that is not NULL, between separators of one byte, a literal: of a text without one the text itself.
// It is selected from a table of its own and stands there once, for what two of them give together differs.
func (d Dialect) Parts(text, separator string) string {
	separator = d.Quote(separator)
	return d.pick("unnest(string_split("+text+", "+separator+"))", "arrayJoin(if("+text+" = '', [''], splitByChar("+separator+", "+text+")))")
}

// Extra is the value of an attribute of a table's rows, from its own column when it was promoted and from the catch-all
// otherwise; NULL when the row has none. "" as prefix, or the alias of the table with its dot.
func (d Dialect) Extra(table, key string) string { return d.ExtraOf("", table, key) }

// ExtraOf is Extra with the alias of the table ("f.") in front of its columns.
func (d Dialect) ExtraOf(prefix, table, key string) string {
	if d.promoted[table][key] {
		return prefix + ColumnOf(key)
	}
	return d.Lookup(prefix+d.extra[table], key)
}

// Lookup reads one key of a catch-all column.
func (d Dialect) Lookup(extra, key string) string {
	key = clean(key)
	if d.Engine == ClickHouse {
		k := d.Quote(key)
		return "if(has(" + extra + "_k, " + k + "), toNullable(" + extra + "_v[indexOf(" + extra + "_k, " + k + ")]), NULL)"
	}
	pointer := "/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(key) // RFC 6901
	return "json_extract_string(" + extra + ", " + d.Quote(pointer) + ")"
}

// ToFloat reads a number such as -12.5 or 1e6 from a text; NULL when it is none. The engines' own readers disagree about
// spaces, signs, underscores and infinities, so the form is checked first.
func (d Dialect) ToFloat(text string) string {
	const form = `-?[0-9]{1,30}([.][0-9]{1,30})?([eE][-+]?[0-9]{1,2})?`
	return d.pick("(CASE WHEN regexp_full_match("+text+", '"+form+"') THEN TRY_CAST("+text+" AS DOUBLE) ELSE NULL END)",
		"(CASE WHEN match("+text+", '^"+form+"$') THEN toFloat64OrNull("+text+") ELSE NULL END)")
}

// Code is the number, from 1 on, of a text among some texts, none of which may be empty, come twice or hold the character NUL; 0 when it
// is none of them. It costs about as much as comparing with one of them.
func (d Dialect) Code(text string, among []string) string {
	if len(among) == 0 {
		return "CAST(0 AS " + d.pick("BIGINT", "Int64") + ")"
	}
	quoted, numbers := make([]string, len(among)), make([]string, len(among))
	for i, s := range among {
		quoted[i], numbers[i] = d.Quote(s), strconv.Itoa(i+1)
	}
	list := strings.Join(quoted, ", ")
	return d.pick("coalesce(CAST(enum_code(TRY_CAST("+text+" AS ENUM("+list+"))) AS BIGINT) + 1, 0)",
		"toInt64(transform(ifNull("+text+", ''), ["+list+"], ["+strings.Join(numbers, ", ")+"], 0))")
}

// CountDistinct counts different values exactly; NULL is none.
func (d Dialect) CountDistinct(expr string) string { return "count(DISTINCT " + expr + ")" }

// Bits gathers bits: a whole number in which bit i (0 to n-1) is set when i was among the values of expr, a whole number; values outside this
// range count as none. n is MaxBits at most; up to 31 the number takes half the room, where there are many. BitOf reads one of them.
func (d Dialect) Bits(expr string, n int) string {
	in := "(" + expr + ") BETWEEN 0 AND " + strconv.Itoa(n-1)
	wide, unsigned := "BIGINT", "toUInt64"
	if n <= 31 {
		wide, unsigned = "INTEGER", "toUInt32"
	}
	return d.pick("bit_or(CASE WHEN "+in+" THEN CAST(1 AS "+wide+") << CAST("+expr+" AS "+wide+") ELSE CAST(0 AS "+wide+") END)",
		"groupBitOr("+unsigned+"(CASE WHEN "+in+" THEN bitShiftLeft(toInt64(1), "+expr+") ELSE toInt64(0) END))")
}

// BitOf is bit n of a number that Bits has gathered: 0 or 1.
func (d Dialect) BitOf(bits string, n int) string {
	at := strconv.Itoa(n)
	return d.pick("(("+bits+" >> "+at+") & 1)", "toInt64(bitAnd(bitShiftRight("+bits+", "+at+"), 1))")
}

// MaxBits is how many bits Bits gathers in one number.
const MaxBits = 62

// InQuery tells whether expr is among what a query gives, which must not be NULL.
func (d Dialect) InQuery(expr, query string) string {
	return expr + d.pick(" IN (", " GLOBAL IN (") + query + ")"
}

// Join puts derived tables together by the columns that are named in using, which both have; a row to which the other table has
// nothing is left out.
func (d Dialect) Join(first, second, using string) string {
	return first + d.pick(" INNER JOIN ", " GLOBAL ALL INNER JOIN ") + second + " USING (" + using + ")"
}

// Pairs is a query that gives pairs of whole numbers, in columns of these names.
func (d Dialect) Pairs(first, second string, pairs [][2]int64) string {
	one := d.pick("(%d, %d)", "(toInt64(%d), toInt64(%d))")
	rows, none := make([]string, len(pairs)), ""
	for i, p := range pairs {
		rows[i] = fmt.Sprintf(one, p[0], p[1])
	}
	if len(pairs) == 0 { // there is no list of nothing
		rows, none = []string{fmt.Sprintf(one, 0, 0)}, " WHERE 1 = 0"
	}
	list := strings.Join(rows, ", ")
	return d.pick("SELECT * FROM (VALUES "+list+") AS v("+first+", "+second+")",
		"SELECT tupleElement(v, 1) AS "+first+", tupleElement(v, 2) AS "+second+" FROM (SELECT arrayJoin(["+list+"]) AS v)") + none
}

// Quantile is the nearest-rank quantile: the smallest value that at least the share q (0 to 1) of the values do not
// exceed; NULL when there are none.
func (d Dialect) Quantile(expr, q string) string {
	return d.pick("quantile_disc("+expr+", "+q+")",
		"if(count("+expr+") = 0, NULL, toNullable(arraySort(groupArray("+expr+"))[greatest(1, toInt64(ceil("+q+" * count("+expr+"))))]))")
}

// Quote writes a text as a literal.
func (d Dialect) Quote(s string) string {
	if d.Engine == ClickHouse {
		return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`, "\x00", `\0`).Replace(s) + "'"
	}
	s = "'" + strings.ReplaceAll(s, "'", "''") + "'"
	if strings.Contains(s, "\x00") { // DuckDB is handed a C string
		s = "(" + strings.ReplaceAll(s, "\x00", "' || chr(0) || '") + ")"
	}
	return s
}

const (
	promotedPrefix = "a_"
	longestColumn  = 200 // bytes; ClickHouse makes file names of columns
)

// ColumnOf is the name of a promoted key's column: "a_" and the key, of which every byte but a-z and 0-9 is written as
// "_" and two hexadecimal digits, an underscore as "__". It needs no quotes in either engine.
func ColumnOf(key string) string {
	var b strings.Builder
	b.WriteString(promotedPrefix)
	for i := range len(key) {
		switch c := key[i]; {
		case c >= 'a' && c <= 'z' || c >= '0' && c <= '9':
			b.WriteByte(c)
		case c == '_':
			b.WriteString("__")
		default:
			b.WriteByte('_')
			b.WriteString(hex.EncodeToString([]byte{c}))
		}
	}
	return b.String()
}

// KeyOf reads a column's name back into the promoted key, or says that it is none.
func KeyOf(column string) (string, bool) {
	rest, ok := strings.CutPrefix(column, promotedPrefix)
	if !ok || rest == "" {
		return "", false
	}
	var b strings.Builder
	for i := 0; i < len(rest); i++ {
		switch {
		case rest[i] != '_':
			b.WriteByte(rest[i])
		case i+1 < len(rest) && rest[i+1] == '_':
			b.WriteByte('_')
			i++
		case i+2 < len(rest):
			c, err := hex.DecodeString(rest[i+1 : i+3])
			if err != nil {
				return "", false
			}
			b.Write(c)
			i += 2
		default:
			return "", false
		}
	}
	return b.String(), true
}

// CanPromote tells whether a key can have a column: it is UTF-8, not empty, and its column's name is not too long (some
// 60 letters of a script like Cyrillic take 3 bytes of name for each of their 2 bytes: about 33 letters fit).
func CanPromote(key string) bool {
	return key != "" && clean(key) == key && len(ColumnOf(key)) <= longestColumn
}
