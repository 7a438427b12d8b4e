// Package health scores how likely each customer is to stay, from what they did and said before a day, and finds out from
// those who have left whether the score can be trusted and why customers leave.
//
// A score has five parts, each from 0 to 100, 100 the healthiest: usage, sentiment, support, commercial and engagement. With
// enough customers who left, a model of the chance of leaving within the horizon is fitted on the parts, and the score is
// 100 (1 - chance); before that it is the parts' weighted mean. Whatever is fitted is held against what customers did later,
// and a score that fails is shown as not validated.
//
// Facts of a day count for the days after it: nothing that is computed as of a day knows of that day or of later ones. What has no date is
// therefore no part of a score: attributes of contacts and their worth are known as they are today, so all contacts are compared with all
// others; and a complaint counts as resolved from the day on that says so, or not at all.
package health

import (
	"time"

	"kolo/internal/foundation/clock"
	"kolo/internal/people/contact"
	"kolo/internal/understand/stat"
)

// Key names a part of the score.
type Key string

// The parts, in the order of their default weights.
const (
	Usage      Key = "usage"
	Sentiment  Key = "sentiment"
	Support    Key = "support"
	Commercial Key = "commercial"
	Engagement Key = "engagement"
)

const parts = 5

// Keys lists the parts.
var Keys = [parts]Key{Usage, Sentiment, Support, Commercial, Engagement}

// Part is one part of a contact's score, with what it stands on.
type Part struct {
	Key      Key     `json:"key" enum:"usage,sentiment,support,commercial,engagement"`
	Known    bool    `json:"known" doc:"False: nothing is known, and the other parts have its weight"`
	Score    float64 `json:"score" doc:"0 to 100, drawn towards the peers' mean where little is known"`
	Peers    float64 `json:"peers" doc:"Mean of the peers"`
	Evidence float64 `json:"evidence" doc:"Effective number of facts"`
	Fresh    int     `json:"fresh_days" doc:"Age of the newest fact in days, -1 where there is none"`
	Weight   float64 `json:"weight" doc:"Share of the weights of the workspace"`
	Effect   float64 `json:"effect" doc:"Points of the score that it has or lacks because this part is not as with the peers"`
	Count    int     `json:"count" doc:"How often within the window: uses, answers and texts, complaints, purchases, answers and visits"`
	Typical  float64 `json:"typical" doc:"How often the peers, within it"`
	Window   int     `json:"window_days"`
	Open     int     `json:"open" doc:"Complaints among them that were not resolved; -1 where nothing says when complaints were resolved"`
}

// Score is how a contact stands.
type Score struct {
	Contact  contact.ID        `json:"contact_id"`
	Account  contact.AccountID `json:"account_id,omitempty"`
	Segment  string            `json:"segment,omitempty" doc:"What lists are filtered by; it is no part of the score"`
	Value    float64           `json:"score" doc:"0 to 100, 100 the healthiest"`
	Chance   *float64          `json:"chance,omitempty" doc:"Of leaving within the horizon; absent while no model is fitted"`
	Coverage float64           `json:"coverage" doc:"Share of the weights whose parts are known"`
	Hidden   bool              `json:"hidden" doc:"Too little is known to show the score: coverage is below 0.5"`
	AtRisk   bool              `json:"at_risk"`
	Worth    *contact.Money    `json:"worth,omitempty" doc:"Lifetime value"`
	Parts    []Part            `json:"parts"`
	Trend    []Stood           `json:"trend,omitempty" doc:"Every four weeks of the year before, as the version in use scores what was known then; absent in lists"`
	Version  string            `json:"version"`
	Valid    bool              `json:"validated" doc:"False: read the score as a hint, for its version fails a test"`
	At       time.Time         `json:"computed_at"`
	Left     string            `json:"left_on,omitempty" doc:"Day on which the contact left; absent for customers"`

	risk float64 // 0 to 1, what lists go by
	left clock.Day
}

// Stood is a score as of a day. Days on which none would have been shown are left out.
type Stood struct {
	Day   string  `json:"day"`
	Score float64 `json:"score"`
}

// Kind says how a version scores.
type Kind string

// The kinds.
const (
	Fitted   Kind = "fitted"  // a model of the chance of leaving
	Weighted Kind = "weights" // the weighted mean of the parts
)

// Version is one training. Of a workspace's one at most is active.
type Version struct {
	ID     string    `json:"id"`
	Kind   Kind      `json:"kind" enum:"fitted,weights"`
	Active bool      `json:"active"`
	Holds  bool      `json:"validated" doc:"It passed every test when it was made, and passes them on what happened since"`
	Report Report    `json:"report"`
	By     string    `json:"by,omitempty" doc:"Who asked for it; absent for Kolo itself"`
	At     time.Time `json:"at"`

	model Model
}

// Valid tells whether the score has passed its gate when it was made, and passes it on what happened since.
func (v Version) Valid() bool {
	return len(v.Report.Refused) == 0 && (v.Report.Recheck == nil || len(v.Report.Recheck.Refused) == 0)
}

// Report is what a training saw and found.
type Report struct {
	From      string           `json:"from,omitempty" doc:"First day of the facts"`
	To        string           `json:"to,omitempty" doc:"First day of which nothing is known yet"`
	Horizon   int              `json:"horizon_days"`
	Contacts  int              `json:"contacts" doc:"Contacts that were looked at"`
	Left      int              `json:"left" doc:"Of these, how many are known to have left"`
	Fitted    int              `json:"fitted_rows" doc:"Contacts at days that the model was fitted on"`
	FitLeft   int              `json:"fitted_left" doc:"Different contacts among them who left within the horizon"`
	FitUpto   string           `json:"fitted_upto,omitempty" doc:"Nothing from this day on was fitted on"`
	Tests     []string         `json:"test_days,omitempty" doc:"Days on which scores were made that were then held against what happened"`
	Refused   []string         `json:"refused" doc:"What the score failed when it was made; empty where it passed: few, history, auc, single, slope, observed_expected, silent"`
	Check     *Check           `json:"validation,omitempty"`
	Recheck   *Recheck         `json:"recheck,omitempty" doc:"How it holds on the newest horizon that began after it was made; absent before that is over"`
	Drift     []Drift          `json:"drift,omitempty" doc:"How far the parts have moved since the version before was fitted"`
	Reasons   []Reason         `json:"reasons" doc:"Why customers leave, the strongest first"`
	Others    []Reason         `json:"others" doc:"What was looked at and is no reason of its own"`
	Looked    int              `json:"looked" doc:"How many segments and stretches of time were looked at"`
	Trend     []Point          `json:"trend,omitempty"`
	Events    map[string]int   `json:"events" doc:"How many events of each meaning there are"`
	Names     map[string]Names `json:"names" doc:"Which names of events have which meaning"`
	Known     int64            `json:"known" doc:"How many facts there were"`
	Weights   []Weight         `json:"weights" doc:"What the score is made of"`
	BaseRate  float64          `json:"base_rate" doc:"Share that leaves within the horizon"`
	HalfLives map[Key]float64  `json:"half_lives" doc:"In days"`
}

// Names are names of events.
type Names = []string

// Weight is what a part counts for: of a fitted model the change of the log odds of leaving for one standard deviation.
type Weight struct {
	Key    Key     `json:"key"`
	Weight float64 `json:"weight"`
}

// Check is the score held against what happened later.
type Check struct {
	N          int           `json:"n"`
	Left       int           `json:"left"`
	BaseRate   float64       `json:"base_rate"`
	AUC        float64       `json:"auc"`
	AUCRange   stat.Interval `json:"auc_interval"`
	Skill      float64       `json:"brier_skill"`
	Brier      float64       `json:"brier"`
	Slope      float64       `json:"slope"`
	SlopeSE    float64       `json:"slope_se"`
	InLarge    float64       `json:"in_the_large"`
	InLargeSE  float64       `json:"in_the_large_se"`
	ECE        float64       `json:"ece"`
	Expected   float64       `json:"expected"`
	Ratio      float64       `json:"observed_expected"`
	Bins       []Bin         `json:"bins"`
	Tops       []Top         `json:"tops"`
	Single     Key           `json:"single" doc:"The best part by itself"`
	SingleAUC  float64       `json:"single_auc"`
	SingleP    *float64      `json:"single_p,omitempty" doc:"Of the paired test against it; absent where both order customers alike"`
	Calibrated bool          `json:"calibrated" doc:"False: the score is no chance, so that only its order was held against what happened"`
}

// Recheck is a version held against what happened after it was made: the newest horizon that it knew nothing of.
type Recheck struct {
	Tests   []string `json:"test_days" doc:"Days on which scores were made that were then held against what happened"`
	Check   Check    `json:"validation"`
	Refused []string `json:"refused" doc:"What the score fails; empty where it passes: auc, single, slope, observed_expected"`
}

// Bin is one of the equally filled groups of customers of a check.
type Bin struct {
	N        int           `json:"n"`
	Mean     float64       `json:"predicted"`
	Observed float64       `json:"observed"`
	Range    stat.Interval `json:"interval"`
}

// Top is how well the customers at the highest risk were chosen.
type Top struct {
	Share     float64 `json:"share"`
	N         int     `json:"n"`
	Precision float64 `json:"precision"`
	Recall    float64 `json:"recall"`
	Lift      float64 `json:"lift"`
}

// Drift is how far a part has moved.
type Drift struct {
	Key   Key     `json:"key"`
	PSI   float64 `json:"psi" doc:"Population stability index: below 0.1 little, above 0.25 much"`
	Alarm bool    `json:"alarm"`
}

// Point is how the customers of a day stood.
type Point struct {
	Day    string  `json:"day"`
	N      int     `json:"n"`
	Mean   float64 `json:"mean"`
	AtRisk int     `json:"at_risk"`
	Left   int     `json:"left" doc:"Who left in the four weeks from then on"`
}
