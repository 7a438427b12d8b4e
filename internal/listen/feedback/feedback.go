// Package feedback is the one intake of direct input: whatever a customer said, on any channel, enters Kolo through
// Service.Receive, which validates it, resolves the contact, drops what was delivered before, and keeps it durably.
package feedback

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"kolo/internal/foundation/fault"
	"kolo/internal/people/contact"
	"kolo/internal/people/identity"
)

// ID identifies one piece of feedback.
type ID string

// Kinds of feedback.
const (
	Response  = "response"  // to a survey
	Review    = "review"    // on a site or in a store
	Mention   = "mention"   // in social media
	Message   = "message"   // chat, ticket, e-mail, call transcript
	Complaint = "complaint" // a complaint that was made as such
	Note      = "note"      // interview, focus group, advisory board
	Audit     = "audit"     // mystery shop
)

// Kinds lists the kinds in the order in which people expect them.
var Kinds = []string{Response, Review, Mention, Message, Complaint, Note, Audit}

// Channels lists the channels that have a name of their own in every language; any other lower-case word will do too.
var Channels = []string{"web", "widget", "email", "sms", "phone", "paper", "chat", "call", "social", "review_site",
	"app_store", "interview", "in_person", "kiosk", "ticket", "api", "import"}

// Metrics lists the scores that Kolo knows how to count.
var Metrics = []string{"nps", "csat", "ces", "star", "rating"}

// Direction of a scale: which end is the good one.
const (
	Up   = "up"   // higher is better
	Down = "down" // lower is better
)

// Scale is what a score was given on.
type Scale struct {
	Min       float64 `json:"min" doc:"Lowest possible value"`
	Max       float64 `json:"max" doc:"Highest possible value"`
	Direction string  `json:"direction,omitempty" enum:"up,down" doc:"up: higher is better (the default); down: lower is better"`
}

// String is the scale as "0..10" or, when lower is better, "5..1": the best end last. Answers on different scales are
// never pooled, and this text is what tells them apart.
func (s Scale) String() string {
	low, high := strconv.FormatFloat(s.Min, 'f', -1, 64), strconv.FormatFloat(s.Max, 'f', -1, 64)
	if s.Direction == Down {
		low, high = high, low
	}
	return low + ".." + high
}

// Score is one rating with the scale it was given on.
type Score struct {
	Metric   string  `json:"metric" enum:"nps,csat,ces,star,rating" doc:"What was measured"`
	Value    float64 `json:"value" doc:"The answer as it was given, on its scale"`
	Scale    Scale   `json:"scale" doc:"The scale it was given on"`
	Question string  `json:"question,omitempty" maxLength:"200" doc:"Wording or id of the question; a change of wording is marked in trends"`
}

// Answer is what was answered to one question: a text, a number, a truth value or a list of texts.
type Answer struct {
	Question string `json:"question" doc:"Id of the question, stable over wordings"`
	Value    any    `json:"value" doc:"Text, number, true or false, or a list of texts"`
}

// Answers is a list of answers; as an object {"question": value} it is understood too.
type Answers []Answer

// Attributes are facts beside the feedback. Values are texts; numbers and truth values are understood too.
type Attributes map[string]string

// Who says which contact said it: any identity will do.
type Who struct {
	ExternalID string         `json:"external_id,omitempty" maxLength:"254" doc:"Your id of the customer"`
	Email      string         `json:"email,omitempty"`
	Phone      string         `json:"phone,omitempty" doc:"With its country's code, or in the form of the country (else of the workspace's)"`
	Name       string         `json:"name,omitempty"`
	Language   string         `json:"language,omitempty"`
	Country    string         `json:"country,omitempty" doc:"ISO 3166-1 alpha-2: how a phone number is read, and the attribute country of the customer unless attributes has one"`
	Account    string         `json:"account,omitempty" doc:"Your id of the company the customer belongs to"`
	Attributes Attributes     `json:"attributes,omitempty" doc:"Facts about the customer, to slice by"`
	Value      *contact.Money `json:"lifetime_value,omitempty"`
}

func (w *Who) ref(at time.Time) contact.Ref {
	return contact.Ref{External: w.ExternalID, Email: w.Email, Phone: w.Phone, Name: w.Name, Language: w.Language,
		Country: w.Country, Account: w.Account, Attributes: w.Attributes, Value: w.Value, At: at}
}

// Anonymous tells whether nothing is said by which somebody could be found again.
func (w *Who) Anonymous() bool { return w.ExternalID == "" && w.Email == "" && w.Phone == "" }

// homeless tells whether something is said of nobody in particular that only a contact could keep. A language may be: senders put the
// reader's there, whoever it is.
func (w *Who) homeless() bool {
	if !w.Anonymous() {
		return false
	}
	for _, v := range w.Attributes {
		if strings.TrimSpace(v) != "" {
			return true
		}
	}
	return w.Value != nil || strings.TrimSpace(w.Name+w.Account+w.Country) != ""
}

// Input is one thing a customer said, as it is received.
type Input struct {
	Kind          string     `json:"kind,omitempty" enum:"response,review,mention,message,complaint,note,audit" doc:"response (the default), review, mention, message, complaint, note, audit"`
	Channel       string     `json:"channel,omitempty" maxLength:"40" doc:"The way it came: web, widget, email, sms, phone, paper, chat, call, social, review_site, app_store, interview ... or a word of your own; api by default"`
	Source        string     `json:"source,omitempty" maxLength:"200" doc:"The connection it came through; api by default"`
	ExternalID    string     `json:"external_id,omitempty" maxLength:"200" doc:"Your id of it: a second delivery of the same source and id changes nothing"`
	Time          *time.Time `json:"time,omitempty" doc:"When it was said; now by default"`
	Contact       *Who       `json:"contact,omitempty" doc:"Who said it: external_id, email or phone is needed, any of them will do; created when new"`
	Touchpoint    string     `json:"touchpoint,omitempty" maxLength:"100" doc:"The kind of contact it is about"`
	Survey        string     `json:"survey,omitempty" maxLength:"100" doc:"The survey it answers"`
	SurveyVersion string     `json:"survey_version,omitempty" maxLength:"40" doc:"The version of the survey"`
	Language      string     `json:"language,omitempty" maxLength:"20" doc:"Language of the text, such as he or pt-BR"`
	Text          string     `json:"text,omitempty" doc:"The customer's own words"`
	Scores        []Score    `json:"scores,omitempty" maxItems:"50"`
	Answers       Answers    `json:"answers,omitempty" maxItems:"500"`
	Attributes    Attributes `json:"attributes,omitempty" doc:"Facts beside it, to slice by: up to 100"`

	// Import is the import that brought it, set by that import alone.
	Import string `json:"-"`

	// Region is where phone numbers of a contact without a country are from, where an import knows better than the workspace.
	Region string `json:"-"`

	ref contact.Ref   // Contact in normal form, after Validate
	bad []fault.Field // what Decode found wrong
}

// Feedback is one kept piece of feedback.
type Feedback struct {
	ID            ID                   `json:"id"`
	Workspace     identity.WorkspaceID `json:"-"`
	Seq           int64                `json:"-"`
	Revision      int64                `json:"revision" doc:"1 when received; one more with each change"`
	Kind          string               `json:"kind"`
	Channel       string               `json:"channel"`
	Source        string               `json:"source"`
	ExternalID    string               `json:"external_id,omitempty"`
	Time          time.Time            `json:"time"`
	ReceivedAt    time.Time            `json:"received_at"`
	Contact       contact.ID           `json:"contact_id,omitempty"`
	Touchpoint    string               `json:"touchpoint,omitempty"`
	Survey        string               `json:"survey,omitempty"`
	SurveyVersion string               `json:"survey_version,omitempty"`
	Language      string               `json:"language,omitempty"`
	Text          string               `json:"text,omitempty"`
	Scores        []Score              `json:"scores,omitempty"`
	Answers       []Answer             `json:"answers,omitempty"`
	Attributes    map[string]string    `json:"attributes,omitempty"`
	Import        string               `json:"import_id,omitempty"`
	ErasedAt      *time.Time           `json:"erased_at,omitempty"`
}

// Limits of one piece of feedback.
const (
	MaxText       = 1 << 20 // bytes of text
	MaxAttributes = 100
	MaxKey        = 64   // bytes of an attribute's key
	MaxValue      = 4096 // bytes of an attribute's value
)

// Validate checks an input and fills its defaults. It tells everything that is wrong at once, by JSON path. country
// (ISO 3166-1 alpha-2, may be empty) is where phone numbers without a country's code are from.
func (in *Input) Validate(now time.Time, country string) error {
	var bad []fault.Field
	say := func(path, code, format string, args ...any) {
		if !in.unread(path) {
			bad = append(bad, fault.Field{Path: path, Code: code, Msg: fmt.Sprintf(format, args...)})
		}
	}
	bad = slices.Clone(in.bad)
	setDefault(&in.Kind, Response)
	setDefault(&in.Channel, "api")
	setDefault(&in.Source, "api")
	if !slices.Contains(Kinds, in.Kind) {
		say("kind", "unknown", "%q is not a kind of feedback: it is one of %s", clip(in.Kind), strings.Join(Kinds, ", "))
	}
	in.Channel = strings.ReplaceAll(strings.ToLower(strings.TrimSpace(in.Channel)), " ", "_")
	if !slug(in.Channel) {
		say("channel", "form", "a channel is a word of up to 40 letters, digits, _ or -")
	}
	in.Language = strings.TrimSpace(in.Language)
	if in.Language != "" && !languageTag(in.Language) {
		say("language", "form", "%q is not a language tag such as he or pt-BR", clip(in.Language))
	}
	for _, f := range []struct {
		path  string
		value *string
		max   int
	}{
		{"source", &in.Source, 200}, {"external_id", &in.ExternalID, 200}, {"touchpoint", &in.Touchpoint, 100},
		{"survey", &in.Survey, 100}, {"survey_version", &in.SurveyVersion, 40},
	} {
		if long(*f.value, f.max) {
			say(f.path, "too_long", "longer than %d characters", f.max)
			continue
		}
		*f.value = clean(*f.value)
	}
	if len(in.Text) > MaxText {
		say("text", "too_long", "longer than %d bytes", MaxText)
	} else {
		in.Text = clean(in.Text)
	}
	switch {
	case in.Time == nil:
		in.Time = &now
	case in.Time.After(now.Add(24 * time.Hour)): // a clock may be a zone ahead
		say("time", "range", "%s lies in the future", in.Time.Format(time.RFC3339))
	case in.Time.Year() < 1970:
		say("time", "range", "%s lies before 1970", in.Time.Format(time.RFC3339))
	}
	if in.Contact != nil {
		in.ref = in.Contact.ref(*in.Time)
		in.ref.Origin = in.Import
		for _, f := range in.ref.Normalise(cmp.Or(in.Region, country)) {
			if f.Path == "external" {
				f.Path = "external_id"
			}
			say("contact."+f.Path, f.Code, "%s", f.Msg)
		}
		if in.Contact.homeless() {
			say("contact", "required", "a contact needs external_id, email or phone: without one of them there is nobody of whom the rest could be kept")
		}
	}
	if len(in.Scores) > 50 {
		say("scores", "too_many", "more than 50 scores")
	}
	for i := range in.Scores {
		in.Scores[i].validate(fmt.Sprintf("scores[%d].", i), say)
	}
	if len(in.Answers) > 500 {
		say("answers", "too_many", "more than 500 answers")
	}
	for i, a := range in.Answers {
		if a.Question == "" || len(a.Question) > 200 || !utf8.ValidString(a.Question) {
			say(fmt.Sprintf("answers[%d].question", i), "required", "an answer names its question, in at most 200 bytes")
		}
		var ok bool
		if in.Answers[i].Value, ok = answerable(a.Value); !ok {
			say(fmt.Sprintf("answers[%d].value", i), "type", "an answer is a text, a number, true or false, or a list of texts")
		}
	}
	if len(in.Attributes) > MaxAttributes {
		say("attributes", "too_many", "more than %d attributes", MaxAttributes)
	}
	for k, v := range in.Attributes {
		if k == "" || len(k) > MaxKey || clean(k) != k {
			say("attributes."+clip(k), "form", "a key is a text of 1 to %d bytes without control characters", MaxKey)
		}
		if len(v) > MaxValue {
			say("attributes."+clip(k), "too_long", "longer than %d bytes", MaxValue)
		} else if c := clean(v); c != v {
			in.Attributes[k] = c
		}
	}
	if blank(in.Text) {
		in.Text = ""
	}
	if in.Text == "" && len(in.Scores) == 0 && !slices.ContainsFunc(in.Answers, func(a Answer) bool { return !unanswered(a.Value) }) && !in.unread("scores") && !in.unread("answers") {
		say("text", "required", "feedback needs a text, a score or an answer")
	}
	if bad != nil {
		slices.SortStableFunc(bad, func(a, b fault.Field) int { return strings.Compare(a.Path, b.Path) })
		return fault.Bad("feedback.Validate", bad...)
	}
	return nil
}

// unread tells whether something at a path, in it or around it could not be read: then what is missing there may well have been sent.
func (in *Input) unread(path string) bool {
	if len(in.bad) == 0 {
		return false
	}
	within := func(p, of string) bool {
		return p == of || strings.HasPrefix(p, of) && (p[len(of)] == '.' || p[len(of)] == '[')
	}
	flat := strings.Replace(path, ".scale.", ".", 1) // where flat files have the ends of a scale
	return slices.ContainsFunc(in.bad, func(f fault.Field) bool {
		return f.Code != "unknown" && (within(path, f.Path) || within(f.Path, path) || within(flat, f.Path))
	})
}

func (s *Score) validate(path string, say func(path, code, format string, args ...any)) {
	setDefault(&s.Scale.Direction, Up)
	switch s.Scale.Direction {
	case "higher_is_better", "higher_better", "asc", "ascending":
		s.Scale.Direction = Up
	case "lower_is_better", "lower_better", "desc", "descending":
		s.Scale.Direction = Down
	}
	if !slices.Contains(Metrics, s.Metric) {
		say(path+"metric", "unknown", "%q is not a metric: it is one of %s", clip(s.Metric), strings.Join(Metrics, ", "))
	}
	if s.Scale.Direction != Up && s.Scale.Direction != Down {
		say(path+"scale.direction", "unknown", "the direction is up or down")
	}
	if long(s.Question, 200) {
		say(path+"question", "too_long", "longer than 200 characters")
	}
	s.Question = clean(s.Question)
	number := func(v float64, name string) bool {
		switch {
		case math.IsNaN(v):
			say(path+name, "required", "%s is missing, or not a number", name)
		case math.Abs(v) > 1e9:
			say(path+name, "range", "%s lies beyond the limit: from -1,000,000,000 to 1,000,000,000", name)
		default:
			return true
		}
		return false
	}
	minOK, maxOK, valueOK := number(s.Scale.Min, "scale.min"), number(s.Scale.Max, "scale.max"), number(s.Value, "value")
	if !minOK || !maxOK {
		return
	}
	if s.Scale.Min >= s.Scale.Max {
		say(path+"scale.max", "range", "the scale ends (%v) where it begins (%v), or before", s.Scale.Max, s.Scale.Min)
		return
	}
	if valueOK && (s.Value < s.Scale.Min || s.Value > s.Scale.Max) {
		say(path+"value", "range", "%v lies outside of its scale, %v to %v", s.Value, s.Scale.Min, s.Scale.Max)
	}
	if s.Metric == "nps" {
		if s.Scale.Min != 0 || s.Scale.Max != 10 || s.Scale.Direction != Up {
			say(path+"scale", "range", "NPS is asked on 0 to 10, higher is better; on another scale it is a rating")
		} else if valueOK && s.Value != math.Trunc(s.Value) {
			say(path+"value", "type", "an NPS answer is a whole number")
		}
	}
}

// answerable gives an answer's value with its texts made clean, and whether it is one at all.
func answerable(v any) (any, bool) {
	switch v := v.(type) {
	case string:
		return clean(v), true
	case float64:
		return v, !math.IsNaN(v) && !math.IsInf(v, 0)
	case bool, int, int64:
		return v, true
	case []any:
		for i, e := range v {
			if _, list := e.([]any); list {
				return v, false
			}
			var ok bool
			if v[i], ok = answerable(e); !ok {
				return v, false
			}
		}
		return v, true
	case []string:
		for i := range v {
			v[i] = clean(v[i])
		}
		return v, true
	}
	return v, false
}

// unanswered tells the value of an answer in which nothing can be read.
func unanswered(v any) bool {
	switch v := v.(type) {
	case string:
		return blank(v)
	case []any:
		return !slices.ContainsFunc(v, func(e any) bool { return !unanswered(e) })
	case []string:
		return !slices.ContainsFunc(v, func(s string) bool { return !blank(s) })
	}
	return false
}

// blank tells a text of which nothing can be seen: space, and characters without a width of their own.
func blank(s string) bool {
	for _, r := range s {
		switch {
		case r > ' ' && r < 0x7f:
			return false // nearly every text ends the search here
		case unicode.IsSpace(r) || unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Variation_Selector):
		case r == '\u115f' || r == '\u1160' || r == '\u2800' || r == '\u3164' || r == '\uffa0': // letters that fill a place and show nothing
		default:
			return false
		}
	}
	return true
}

// long tells a text of more characters than that, which is how the description counts them, too.
func long(s string, most int) bool { return len(s) > most && utf8.RuneCountInString(s) > most }

func setDefault(s *string, def string) {
	if *s == "" {
		*s = def
	}
}

// clean makes a text fit to be kept: valid UTF-8 without NUL and the other control characters that no text needs.
func clean(s string) string {
	ok := true
	for i := 0; i < len(s); i++ {
		if c := s[i]; c < 0x20 && c != '\n' && c != '\t' || c == 0x7f || c >= 0x80 {
			ok = false
			break
		}
	}
	if ok {
		return s
	}
	s = strings.ToValidUTF8(s, "\uFFFD")
	return strings.Map(func(r rune) rune {
		if r < 0x20 && r != '\n' && r != '\t' || r >= 0x7f && r <= 0x9f {
			if r == '\r' {
				return -1
			}
			return ' '
		}
		return r
	}, s)
}

func clip(s string) string {
	if len(s) > 40 {
		return strings.ToValidUTF8(s[:40], "") + "…"
	}
	return s
}

func slug(s string) bool {
	if s == "" || len(s) > 40 {
		return false
	}
	for i := range len(s) {
		if c := s[i]; (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '_' && c != '-' {
			return false
		}
	}
	return true
}

func languageTag(s string) bool {
	parts := strings.Split(s, "-")
	if len(s) > 20 || len(parts[0]) < 2 || len(parts[0]) > 3 {
		return false
	}
	for _, p := range parts {
		if p == "" || len(p) > 8 {
			return false
		}
		for i := range len(p) {
			if c := p[i] | 0x20; (c < 'a' || c > 'z') && (c < '0' || c > '9') {
				return false
			}
		}
	}
	return true
}
