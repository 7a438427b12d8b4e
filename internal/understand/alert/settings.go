package alert

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"kolo/internal/foundation/clock"
	"kolo/internal/foundation/fault"
	"kolo/internal/foundation/store"
	"kolo/internal/listen/feedback"
	"kolo/internal/people/contact"
	"kolo/internal/people/identity"
	"kolo/internal/understand/stat/watch"
)

// Settings say what a workspace has watched, and how often it can bear a false alarm.
type Settings struct {
	Budget   float64  `json:"budget" doc:"False alarms a year that the workspace can bear, over all series together"`
	Weekly   bool     `json:"weekly" doc:"Look at weeks"`
	Daily    bool     `json:"daily" doc:"Look at days, where there is enough in a day"`
	Themes   bool     `json:"themes" doc:"What is spoken of, out of all texts"`
	Kinds    bool     `json:"kinds" doc:"How much comes unasked, by kind: complaints, mentions, reviews, messages"`
	Channels bool     `json:"channels" doc:"How much comes unasked, by channel"`
	Negative bool     `json:"negative" doc:"How many texts blame, in all and by channel"`
	Scores   bool     `json:"scores" doc:"NPS, CSAT, CES and stars, in all, by survey and by segments"`
	Segments []string `json:"segments" doc:"Fields by whose values scores are watched: touchpoint, channel, attribute.KEY, contact.KEY; 5 at most"`
	Cooldown int      `json:"cooldown_days" doc:"Days after an alert was closed in which its subject opens no other"`
	Hold     int      `json:"hold_days" doc:"Days to wait for late arrivals; -1: as many as it usually takes until 95 % of a day have arrived"`
	Cost     int64    `json:"cost_minor" doc:"What one piece of feedback too many costs, in minor units of the workspace's currency; 0 when unknown"`
}

// Defaults work at once.
func Defaults() Settings {
	return Settings{Budget: 12, Weekly: true, Daily: true, Themes: true, Kinds: true, Channels: true, Negative: true, Scores: true, Segments: []string{}, Cooldown: 14, Hold: -1}
}

const (
	mostSegments = 5
	mostHold     = 14
)

// validate says what is wrong with settings.
func (set *Settings) validate(op string) error {
	var bad []fault.Field
	say := func(path, code, msg string) { bad = append(bad, fault.Field{Path: path, Code: code, Msg: msg}) }
	if !(set.Budget >= 0.5 && set.Budget <= 365) {
		say("budget", "range", "between half a false alarm and 365 of them a year")
	}
	if !set.Weekly && !set.Daily {
		say("weekly", "required", "look at weeks or at days, or at both")
	}
	if set.Cooldown < 0 || set.Cooldown > 365 {
		say("cooldown_days", "range", "between 0 and 365 days")
	}
	if set.Hold < -1 || set.Hold > mostHold {
		say("hold_days", "range", fmt.Sprintf("between 0 and %d days, or -1", mostHold))
	}
	if set.Cost < 0 || set.Cost > 1e12 {
		say("cost_minor", "range", "a cost is not below 0")
	}
	slices.Sort(set.Segments)
	set.Segments = slices.Compact(set.Segments)
	if set.Segments == nil {
		set.Segments = []string{}
	}
	if len(set.Segments) > mostSegments {
		say("segments", "too_many", fmt.Sprintf("at most %d fields", mostSegments))
	}
	for i, f := range set.Segments {
		if !segmentable(f) {
			say("segments["+strconv.Itoa(i)+"]", "unknown", fmt.Sprintf("%q is not a field to watch by: it is touchpoint, channel, source, language, attribute.KEY or contact.KEY", f))
		}
	}
	if bad != nil {
		return fault.Bad(op, bad...)
	}
	return nil
}

// SegmentFields are the fields that all feedback has and by which scores can be watched.
var SegmentFields = []string{"touchpoint", "channel", "source", "language"}

func segmentable(f string) bool {
	place, key, ok := strings.Cut(f, ".")
	return slices.Contains(SegmentFields, f) || ok && (place == "attribute" || place == "contact") && key != "" && len(key) <= 200
}

// personal tells whether a field is an attribute that says who customers are: no scores are watched by it, for alerts go to people who may
// not know that.
func personal(hidden contact.Secret, f string) bool {
	place, key, _ := strings.Cut(f, ".")
	return (place == "attribute" || place == "contact") && hidden.Has(key)
}

// Watch is what a workspace has watched, and how the last look went.
type Watch struct {
	Settings Settings  `json:"settings"`
	Day      string    `json:"day,omitempty" doc:"Last complete day that was looked at"`
	LookedAt time.Time `json:"looked_at,omitzero" doc:"Absent before the first look"`
	Report   Report    `json:"report"`
	Waits    *Waits    `json:"waits,omitempty" doc:"While nothing is watched: what for"`

	day    clock.Day
	looked time.Time // the last look, whether it saw anything or not
}

// Waits says what a workspace waits for in which nothing is watched.
type Waits struct {
	For  string    `json:"for" enum:"feedback,day,look,recent" doc:"The first feedback, its first complete day, the first look at that, or something newer than what is there"`
	Next time.Time `json:"next,omitzero" doc:"When it looks next, where that is known"`
}

// What a workspace waits for.
const (
	ForFeedback = "feedback"
	ForDay      = "day"
	ForLook     = "look"
	ForRecent   = "recent"
)

// NeededWeeks and NeededDays are how much history what is watched by week and by day needs before it has a baseline.
var NeededWeeks, NeededDays = watch.Weekly(0.5).Least, watch.Daily(0.5).Least

// Report is how a look went.
type Report struct {
	Series   int `json:"series" doc:"Series that share the budget, weekly and daily"`
	Weekly   int `json:"weekly"`
	Daily    int `json:"daily"`
	Learning int `json:"learning" doc:"Of them those whose history is too short for a baseline"`
	Blank    int `json:"blank" doc:"Of them those with nothing to look at in the latest period"`
	Hold     int `json:"hold_days" doc:"Days that were held back for late arrivals"`
	Unseen   int `json:"unwatched" doc:"Values that are not watched: of a field, only the 200 with the most feedback are"`
	Silent   int `json:"silent" doc:"Latest days in which so little arrived that they were not looked at"`

	UnseenOf []Unseen `json:"unwatched_fields" doc:"The fields that have them"`
}

// Unseen is a field of which not all values are watched.
type Unseen struct {
	Field string `json:"field"`
	N     int    `json:"unwatched" doc:"Values that are not watched"`
}

const watchColumns = "settings, day, looked_at, report"

// scanWatch reads watchColumns, and whatever stands before them.
func scanWatch(s store.Scanner, before ...any) (w Watch, err error) {
	var settings, report string
	var looked int64
	if err := s.Scan(append(before, &settings, &w.day, &looked, &report)...); err != nil {
		return w, err
	}
	w.Settings = Defaults()
	if looked > 0 {
		w.looked = time.UnixMilli(looked).UTC()
	}
	if w.day > 0 {
		w.Day, w.LookedAt = w.day.String(), w.looked
	}
	if err := json.Unmarshal([]byte(settings), &w.Settings); err != nil {
		return w, err
	}
	if err := json.Unmarshal([]byte(report), &w.Report); err != nil {
		return w, err
	}
	if w.Report.UnseenOf == nil { // a look of an earlier version
		w.Report.UnseenOf = []Unseen{}
	}
	return w, nil
}

func readWatch(tx *store.Tx, ws identity.WorkspaceID) (Watch, error) {
	w, err := store.One(tx, func(s store.Scanner) (Watch, error) { return scanWatch(s) },
		"/* alert.readWatch */ SELECT "+watchColumns+" FROM alert_watch WHERE workspace = $1", string(ws))
	if fault.Is(err, fault.NotFound) {
		return unwatched(), nil
	}
	return w, err
}

// unwatched is a workspace that nobody has looked at.
func unwatched() Watch { return Watch{Settings: Defaults(), Report: Report{UnseenOf: []Unseen{}}} }

// allWatches reads those of all workspaces that have one.
func allWatches(tx *store.Tx) (map[identity.WorkspaceID]Watch, error) {
	out := map[identity.WorkspaceID]Watch{}
	_, err := store.All(tx, func(s store.Scanner) (ws identity.WorkspaceID, err error) {
		w, err := scanWatch(s, &ws)
		out[ws] = w
		return ws, err
	}, "/* alert.allWatches */ SELECT workspace, "+watchColumns+" FROM alert_watch")
	return out, err
}

// Watch tells what a workspace has watched.
func (s *Service) Watch(ctx context.Context, ws identity.WorkspaceID) (w Watch, err error) {
	err = s.db.View(ctx, func(tx *store.Tx) (err error) {
		if w, err = readWatch(tx, ws); err != nil || w.Report.Series > 0 {
			return err
		}
		w.Waits, err = waits(tx, s.db.Clock().Now(), ws, w)
		return err
	})
	return w, fault.Wrap("alert.Watch", err)
}

func waits(tx *store.Tx, now time.Time, ws identity.WorkspaceID, w Watch) (*Waits, error) {
	workspace, err := identity.GetWorkspace(tx, ws)
	if err != nil {
		return nil, err
	}
	if looked := w.looked.Add(emptyPause); looked.After(now) {
		return &Waits{For: ForRecent, Next: looked}, nil
	}
	hold, err := held(tx, ws, w.Settings)
	if err != nil {
		return nil, err
	}
	first, ok, err := feedback.Oldest(tx, ws)
	if err != nil || !ok {
		return &Waits{For: ForFeedback}, err
	}
	// Of the first day that can be looked at the last second has passed, and so many days more.
	if due := clock.DayOf(first, workspace.Location()) + 1 + clock.Day(hold); due > today(now, workspace) {
		return &Waits{For: ForDay, Next: due.Start(workspace.Location())}, nil
	}
	return &Waits{For: ForLook}, nil
}

// Set changes what is watched, and has it looked at anew.
func (s *Service) Set(ctx context.Context, ws identity.WorkspaceID, actor identity.Actor, set Settings) (w Watch, err error) {
	const op = "alert.Set"
	if err := actor.RequireIn(op, ws, identity.AlertsManage); err != nil {
		return w, err
	}
	set.Budget = math.Round(set.Budget*100) / 100
	if err := set.validate(op); err != nil {
		return w, err
	}
	text, err := json.Marshal(set)
	if err != nil {
		return w, fault.Wrap(op, err)
	}
	err = s.db.Update(ctx, func(tx *store.Tx) error {
		hidden, err := contact.Personal(tx, ws)
		if err != nil {
			return err
		}
		if i := slices.IndexFunc(set.Segments, func(f string) bool { return personal(hidden, f) }); i >= 0 {
			return fault.Bad(op, fault.Field{Path: "segments[" + strconv.Itoa(i) + "]", Code: "personal", Msg: fmt.Sprintf("%s says who customers are: scores are not watched by it", set.Segments[i])})
		}
		if _, err := tx.Exec(`/* alert.Set */ INSERT INTO alert_watch (workspace, settings, day, looked_at, report) VALUES ($1, $2, 0, 0, '{}')
			ON CONFLICT (workspace) DO UPDATE SET settings = excluded.settings`, string(ws), string(text)); err != nil {
			return err
		}
		if err := enqueue(tx, ws); err != nil {
			return err
		}
		if w, err = readWatch(tx, ws); err != nil {
			return err
		}
		return identity.Audit(tx, actor, "alert.settings", "workspace", string(ws), map[string]string{
			"budget": strconv.FormatFloat(set.Budget, 'f', -1, 64), "weekly": strconv.FormatBool(set.Weekly), "daily": strconv.FormatBool(set.Daily), "segments": strings.Join(set.Segments, " ")})
	})
	return w, fault.Wrap(op, err)
}

// DaysPerFalseAlarm is the budget the other way round: about one false alarm in so many days.
func (set Settings) DaysPerFalseAlarm() float64 { return 365 / set.Budget }
