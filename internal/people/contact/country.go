package contact

import "strings"

// assigned are the codes of ISO 3166-1 alpha-2, and XK, which users of the standard have given to Kosovo.
const assigned = "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO " +
	"CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR " +
	"HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN " +
	"MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD " +
	"SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE " +
	"YT ZA ZM ZW XK"

// countries has a place for each pair of letters: to look a code up is all that an intake has time for.
var countries = func() (of [26 * 26]bool) {
	for code := range strings.FieldsSeq(assigned) {
		of[place(code)] = true
	}
	return of
}()

func place(code string) int { return int(code[0]-'A')*26 + int(code[1]-'A') }

// NormCountry is a country as it is kept, its code in capitals; ok is false for what is no code of ISO 3166-1 alpha-2. "" is none.
func NormCountry(s string) (norm string, ok bool) {
	norm = strings.ToUpper(strings.TrimSpace(s))
	if norm == "" {
		return "", true
	}
	if len(norm) != 2 || norm[0] < 'A' || norm[0] > 'Z' || norm[1] < 'A' || norm[1] > 'Z' || !countries[place(norm)] {
		return "", false
	}
	return norm, true
}
