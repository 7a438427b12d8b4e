// Package driving answers what moves a score: which ratings, facts, themes, touchpoints and attributes go with it, how much of it
// each accounts for, by how many points, and what it would gain if they were as good everywhere as where they are best. It chooses
// what to look at from what the answers hold; the statistics are those of stat/driver. What it finds is association, and it says so.
package driving

import (
	"kolo/internal/understand/insight"
	"kolo/internal/understand/stat"
	"kolo/internal/understand/stat/driver"
)

// Kind says what a driver is.
type Kind string

// The kinds.
const (
	Rating    Kind = "rating"    // a number that was answered
	Fact      Kind = "fact"      // a number that is known of what happened, or of the customer
	Choice    Kind = "choice"    // an answer that is one of a few
	Attribute Kind = "attribute" // something known that is one of a few
	Theme     Kind = "theme"     // whether the text is about it
)

// Query asks what moves a score.
type Query struct {
	Score   insight.Measure    `json:"score,omitempty" enum:"nps,csat,ces,star,rating,csat_mean,ces_mean," doc:"The first score that has answers by default"`
	Scale   string             `json:"scale,omitempty" doc:"The scale to count, such as 1..5; the most frequent one by default"`
	Where   insight.Conditions `json:"where,omitempty" doc:"Conditions that feedback must fulfil"`
	Between insight.Period     `json:"between,omitempty"`
	Block   string             `json:"block,omitempty" doc:"Which answers: one of the answer's blocks; the first by default"`
	Drivers []string           `json:"drivers,omitempty" maxItems:"15" doc:"Fields to look at instead of those that the block begins with; theme.ID for a theme"`
	Level   float64            `json:"level,omitempty" doc:"Confidence level of the intervals, 0.95 by default"`
}

// Answer is what moves a score among the answers of one population.
type Answer struct {
	Score      insight.Measure   `json:"score"`
	Unit       string            `json:"unit" enum:"points,scale" doc:"Of effects: points of 100, or steps of the scale towards its best end"`
	Scale      string            `json:"scale,omitempty"`
	From       string            `json:"from,omitempty"`
	To         string            `json:"to,omitempty"`
	Filter     string            `json:"filter,omitempty" doc:"The conditions, those of the block with them, as a query string of /v1/feedback"`
	Blocks     []Block           `json:"blocks" doc:"Populations to choose from; drivers are only compared where the same answers have them"`
	Block      string            `json:"block,omitempty"`
	Candidates []Candidate       `json:"candidates" doc:"What could be looked at, with its coverage"`
	Answers    int64             `json:"answers" doc:"With the score, in the block"`
	N          int64             `json:"n" doc:"Of those, how many the model stands on"`
	Customers  int64             `json:"customers" doc:"Different known customers among them"`
	Tested     int               `json:"tested" doc:"Effects of drivers and values that q allows for"`
	Value      *float64          `json:"value" doc:"Mean of the score among them, in the unit of effects"`
	R2         float64           `json:"r2" doc:"Share of the score's variance that the drivers account for together, after the controls"`
	AdjR2      float64           `json:"adjusted_r2"`
	Condition  float64           `json:"condition" doc:"Condition number of the drivers; above 30 they are hard to tell apart"`
	Controls   []string          `json:"controls" doc:"What is always held still"`
	Drivers    []Driver          `json:"drivers" doc:"By importance"`
	Refused    []Refusal         `json:"refused" doc:"What could not be looked at"`
	Missing    string            `json:"missing,omitempty" enum:"complete,pairwise" doc:"complete: answers that lack a driver were left out, under 10 %; pairwise: each pair of columns by the answers that have both"`
	Warnings   []Warning         `json:"warnings"`
	Resamples  int               `json:"resamples" doc:"Of the bootstrap behind intervals and ranks"`
	Seed       uint64            `json:"seed" doc:"Of the bootstrap"`
	Parts      int               `json:"parts" doc:"Groups of whole customers that the bootstrap draws"`
	Sampled    bool              `json:"sampled,omitempty" doc:"There were more answers than can be looked at; those of some customers were taken"`
	LeftOut    []insight.LeftOut `json:"left_out" doc:"Answers on other scales, which are not pooled"`
	Definition string            `json:"definition"`
}

// Block is a population of answers in which the same things are known.
type Block struct {
	ID     string `json:"id"`
	Survey string `json:"survey,omitempty"`
	Source string `json:"source,omitempty"`
	Of     string `json:"of" enum:"survey,themes,all" doc:"survey: what one survey or source knows; themes: what texts are about; all: what is known of all answers"`
	N      int64  `json:"n"`
}

// Candidate is something that may move the score.
type Candidate struct {
	Field    string  `json:"field"`
	Kind     Kind    `json:"kind"`
	N        int64   `json:"n" doc:"Answers of the block that have it; of a theme, that are about it"`
	Coverage float64 `json:"coverage" doc:"Their share of the block's answers"`
	Role     string  `json:"role" enum:"driver,control," doc:"What it is in this answer"`
}

// Driver is one thing that goes with the score.
type Driver struct {
	Field      string         `json:"field"`
	Kind       Kind           `json:"kind"`
	Coverage   float64        `json:"coverage" doc:"Share of the block's answers that have it; of a theme, that are about it"`
	Share      float64        `json:"share" doc:"Of R2"`
	Importance float64        `json:"importance" doc:"Its part of R2 (LMG)"`
	Interval   *stat.Interval `json:"interval,omitempty" doc:"Of importance"`
	Rank       [2]int         `json:"rank" doc:"Interval of its rank; 1 is the most important"`
	Tie        int            `json:"tie" doc:"Drivers with the same number cannot be told apart in rank from the one above"`
	VIF        float64        `json:"vif" doc:"How much less surely its effect is known because of the others; above 10 too much"`
	Mean       *float64       `json:"mean,omitempty" doc:"Of a number"`
	Step       float64        `json:"step,omitempty" doc:"What effect is of: so much more"`
	Effect     *Effect        `json:"effect,omitempty" doc:"On the score, of one step more, or of being about the theme; others held still"`
	Levels     []Level        `json:"levels,omitempty" doc:"Of one of a few: each value, the most frequent first"`
	Mentions   float64        `json:"mentions,omitempty" doc:"Share of the texts that are about the theme"`
	Corrected  *Corrected     `json:"corrected,omitempty" doc:"That share with the reading's errors taken out"`
	Asymmetry  *Asymmetry     `json:"asymmetry,omitempty" doc:"Of a rating: what low and high answers do"`
	Gain       *Gain          `json:"gain,omitempty"`
	Feedback   string         `json:"feedback" doc:"Query string of /v1/feedback for what is behind it; empty where it would say what the reader may not see"`
}

// Effect is a difference in the score with its interval and p, which allow for customers who answered several times.
type Effect struct {
	Value           float64       `json:"value"`
	Interval        stat.Interval `json:"interval"`
	P               float64       `json:"p"`
	Q               float64       `json:"q" doc:"p with the number of effects that are looked at allowed for (Benjamini and Hochberg): those of drivers and values together, and penalties and rewards together"`
	Distinguishable bool          `json:"distinguishable" doc:"The interval excludes 0 and q is at most 0.10, so that one in ten such effects is expected to be chance"`
}

// Level is one value of a driver that is one of a few.
type Level struct {
	Value  string  `json:"value"`
	Other  bool    `json:"other,omitempty" doc:"All values that are too rare together"`
	N      int64   `json:"n"`
	Effect *Effect `json:"effect,omitempty" doc:"Against the first value"`
}

// Asymmetry is what low and high answers to a rating do to the score against those between.
type Asymmetry struct {
	Low      float64      `json:"low" doc:"Answers up to this are low"`
	High     float64      `json:"high" doc:"Answers from this on are high"`
	LowN     int          `json:"low_n"`
	HighN    int          `json:"high_n"`
	Penalty  Effect       `json:"penalty"`
	Reward   Effect       `json:"reward"`
	Balance  float64      `json:"balance" doc:"(reward - penalty) / (reward + penalty), -1 to 1"`
	P        float64      `json:"p" doc:"That they weigh the same"`
	Class    driver.Class `json:"class"`
	LowShare float64      `json:"low_share"`
}

// Gain is what the score would gain if the bad state were as rare everywhere as where it is rarest: an estimate from an association. Only
// what clearly costs something has one, with the number of drivers allowed for.
type Gain struct {
	Bad      string        `json:"bad" enum:"low,high_number,low_number,mention,value" doc:"The bad state: a low rating; a number in the highest or lowest quarter; a mention; the value"`
	Limit    float64       `json:"limit,omitempty" doc:"Of a rating or number"`
	Value    string        `json:"value,omitempty" doc:"Of one of a few"`
	Now      float64       `json:"now" doc:"Share of answers in the bad state"`
	Best     float64       `json:"best" doc:"The same where it is rarest"`
	Where    string        `json:"where,omitempty" doc:"The field of the segment in which it is rarest"`
	Is       string        `json:"is,omitempty" doc:"And its value"`
	N        int64         `json:"n,omitempty" doc:"Answers of that segment"`
	Points   float64       `json:"points" doc:"Gained"`
	Interval stat.Interval `json:"interval" doc:"Of the effect alone"`
	Moved    *float64      `json:"moved,omitempty" doc:"So many of the customers behind these answers would that be, of a score in points"`
}

// Corrected is a theme's share with the errors of the reading taken out (Rogan and Gladen).
type Corrected struct {
	Share       float64       `json:"share"`
	Interval    stat.Interval `json:"interval"`
	Sensitivity float64       `json:"sensitivity"`
	Specificity float64       `json:"specificity"`
	Labelled    int64         `json:"labelled" doc:"Texts that people checked"`
}

// Refusal is a driver that could not be looked at.
type Refusal struct {
	Field  string   `json:"field"`
	Reason string   `json:"reason" enum:"constant,same,controls,values,missing,many" doc:"constant: it does not vary; same: others say the same; controls: the controls do; values: too many different values; missing: under 30 answers have it; many: there were 15 others"`
	Same   []string `json:"same,omitempty" doc:"What says the same"`
}

// Warning is something to know before believing an answer.
type Warning string

// The warnings.
const (
	Association Warning = "association" // it is no proof
	Halo        Warning = "halo"        // one mood colours all ratings, so that R2 is large
	Reading     Warning = "reading"     // themes are read with errors, which hide a part of their effect
	ReadOver    Warning = "corrected"   // so they are, and some shares are given without the errors too
	LowR2       Warning = "low_r2"      // most of what moves the score is not among the drivers
	Collinear   Warning = "collinear"   // some drivers go together so much that their effects are not known well
	Pairwise    Warning = "pairwise"    // many answers lack some driver
	Few         Warning = "few"         // there are few answers for so many drivers
	NoEffects   Warning = "no_effects"  // too few answers have all drivers for effects in points
)

// Numbers that answers stand on.
const (
	MostDrivers   = driver.ExactDrivers
	beginWith     = 12  // drivers of a block that nobody has chosen
	fewestAnswers = 100 // of a block
	fewestLevel   = 20  // of a value that gets an effect
	fewestSegment = 100 // of a segment that others are held against
	fewestOfOne   = 30  // that have a driver
	covered       = 0.5 // share of a block's answers that have what belongs to it
	everywhere    = 0.9 // share of all answers that have what describes customers
	complete      = 0.9 // share of answers that must have all drivers for the others to be left out
	havingTheme   = 100 // texts that people checked, with a theme and without it, before its share is corrected
	lackingTheme  = 300
	lowR2         = 0.05 // below which most is left unexplained
	mostLevels    = 12
	mostSegments  = 6
	parts         = 400
	resamples     = 1000
	seed          = 1
)
