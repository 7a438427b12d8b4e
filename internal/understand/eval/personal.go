package eval

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"

	"kolo/internal/understand/text"
)

// marks are what the authors call kinds of personal data, and what Kolo finds them as.
var marks = map[string][]text.PersonalKind{
	"email": {text.PersonalEmail}, "phone": {text.PersonalPhone}, "card": {text.PersonalCard}, "iban": {text.PersonalIBAN},
	"id": {text.PersonalID, text.PersonalPassport, text.PersonalSNILS, text.PersonalINN}, "id_number": {text.PersonalID, text.PersonalAccount},
	"name": {text.PersonalName}, "address": {text.PersonalAddress},
	"national_id": {text.PersonalID}, "dob": {text.PersonalBorn}, "account": {text.PersonalAccount}, "account_number": {text.PersonalAccount},
}

// personalSection measures what is found of the personal data that authors marked, and what is found where they marked none.
func personalSection(_ context.Context, src Sources) ([]Table, error) {
	t := Table{Title: "Personal data in authored texts", Columns: []string{"language", "texts", "marked", "found", "recall %", "names and homes", "found", "found in all", "where nothing is marked", "precision %"},
		Notes: []string{"names and postal addresses of people are found only where the text introduces them or their form tells", "the rules were written with these texts in sight"}}
	var missed []string
	for _, code := range Languages {
		texts, marked, found, people, met, all, alarms := 0, 0, 0, 0, 0, 0, 0
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
				person := mark == "name" || mark == "address" || !named && !strings.ContainsAny(mark, "@0123456789۰۱۲۳۴۵۶۷۸۹")
				ok := !named && !strings.Contains(masked, mark)
				for _, f := range got {
					for _, kind := range kinds {
						ok = ok || f.Kind == kind
					}
				}
				switch {
				case person:
					people++
					if ok {
						met++
					}
				case ok:
					marked++
					found++
				default:
					marked++
					missed = append(missed, code+" "+mark)
				}
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
		t.Rows = append(t.Rows, []string{code, fmt.Sprint(texts), fmt.Sprint(marked), fmt.Sprint(found), ratio(found, marked), fmt.Sprint(people), fmt.Sprint(met), fmt.Sprint(all), fmt.Sprint(alarms), ratio(all-alarms, all)})
	}
	if len(missed) > 0 {
		t.Notes = append(t.Notes, "missed: "+strings.Join(missed, "; "))
	}
	return []Table{t}, nil
}
