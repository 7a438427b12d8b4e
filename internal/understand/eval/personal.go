package eval

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"

	"kolo/internal/understand/text"
)

// marks are what the authors call kinds of personal data, and what Kolo finds them as. Names and postal addresses of
// people, and numbers that somebody spells out in words, are not looked for.
var marks = map[string][]text.PersonalKind{
	"email": {text.PersonalEmail}, "phone": {text.PersonalPhone}, "card": {text.PersonalCard}, "iban": {text.PersonalIBAN},
	"id": {text.PersonalID, text.PersonalPassport, text.PersonalSNILS, text.PersonalINN}, "id_number": {text.PersonalID, text.PersonalAccount},
	"national_id": {text.PersonalID}, "dob": {text.PersonalBorn}, "account": {text.PersonalAccount}, "account_number": {text.PersonalAccount},
}

// personalSection measures what is found of the personal data that authors marked, and what is found where they marked none.
func personalSection(_ context.Context, src Sources) ([]Table, error) {
	t := Table{Title: "Personal data in authored texts", Columns: []string{"language", "texts", "marked", "found", "recall %", "found in all", "where nothing is marked", "precision %"},
		Notes: []string{"kinds in scope: those with a form or a name before them; not names, postal addresses, numbers in words", "the rules were written with these texts in sight"}}
	var missed []string
	for _, code := range Languages {
		texts, marked, found, all, alarms := 0, 0, 0, 0, 0
		err := eachLine(filepath.Join(src.Data, Authored, code+".jsonl"), func(_ int, line []byte) error {
			var x struct {
				Text string
				PII  []string
			}
			if err := json.Unmarshal(line, &x); err != nil {
				return err
			}
			texts++
			got := text.Personal(x.Text, code)
			masked := text.Mask(x.Text, got)
			all += len(got)
			if len(x.PII) == 0 {
				alarms += len(got)
			}
			for _, mark := range x.PII {
				kinds, named := marks[mark]
				if !named && !strings.ContainsAny(mark, "@0123456789۰۱۲۳۴۵۶۷۸۹") || named && !strings.ContainsAny(x.Text, "@0123456789۰۱۲۳۴۵۶۷۸۹") {
					continue
				}
				marked++
				ok := !named && !strings.Contains(masked, mark)
				for _, f := range got {
					for _, kind := range kinds {
						ok = ok || f.Kind == kind
					}
				}
				if ok {
					found++
				} else {
					missed = append(missed, code+" "+mark)
				}
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
		t.Rows = append(t.Rows, []string{code, fmt.Sprint(texts), fmt.Sprint(marked), fmt.Sprint(found), ratio(found, marked), fmt.Sprint(all), fmt.Sprint(alarms), ratio(all-alarms, all)})
	}
	if len(missed) > 0 {
		t.Notes = append(t.Notes, "missed: "+strings.Join(missed, "; "))
	}
	return []Table{t}, nil
}
