package feedback

import (
	"encoding/json"
	"reflect"
	"testing"
)

// TestEncoderWritesWhatIsReadBack: what is kept as JSON is what encoding/json would keep, and is read back whole.
func TestEncoderWritesWhatIsReadBack(t *testing.T) {
	f := Feedback{
		Scores: []Score{{Metric: "nps", Value: 9, Scale: Scale{Max: 10}}, {Metric: "ces", Value: 1.5, Scale: Scale{Min: -1, Max: 7, Direction: Down}, Question: "How \"easy\"?\nשאלה"}},
		Answers: []Answer{{Question: "q1", Value: "text \\ with \"quotes\""}, {Question: "q<2>", Value: 1e21}, {Question: "q3", Value: true},
			{Question: "q4", Value: []string{"a", "b\u2028"}}},
		Attributes: Attributes{"plan": "gold", "note": "a\tb & <c>", "ключ": "ערך"},
	}
	var e encoder
	scores, answers, attributes := e.scores(f.Scores), e.answers(f.Answers), e.attributes(f.Attributes)
	for _, c := range []struct {
		got  string
		want any
	}{{scores, f.Scores}, {answers, f.Answers}, {attributes, f.Attributes}} {
		marshalled, err := json.Marshal(c.want)
		if err != nil {
			t.Fatal(err)
		}
		var a, b any
		if err := json.Unmarshal([]byte(c.got), &a); err != nil {
			t.Fatalf("%s: %v", c.got, err)
		}
		if err := json.Unmarshal(marshalled, &b); err != nil || !reflect.DeepEqual(a, b) {
			t.Errorf("%s instead of %s", c.got, marshalled)
		}
	}
	var back Feedback
	if err := back.kept(scores, answers, attributes); err != nil || !reflect.DeepEqual(back.Scores, f.Scores) || !reflect.DeepEqual(back.Attributes, f.Attributes) || len(back.Answers) != len(f.Answers) {
		t.Errorf("%+v, %v", back, err)
	}
	if e.scores(nil)+e.answers(nil)+e.attributes(Attributes{}) != "" {
		t.Error("nothing is kept as something")
	}
}
