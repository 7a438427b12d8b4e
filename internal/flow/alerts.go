package flow

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"time"

	"kolo/internal/deliver"
	"kolo/internal/foundation/clock"
	"kolo/internal/foundation/fault"
	"kolo/internal/foundation/i18n"
	"kolo/internal/foundation/job"
	"kolo/internal/foundation/mail"
	"kolo/internal/foundation/store"
	"kolo/internal/listen/feedback"
	"kolo/internal/people/identity"
	"kolo/internal/understand/alert"
	"kolo/internal/understand/insight"
	"kolo/internal/understand/theme"
)

// tellAlerts tells what nobody was told of a workspace's alerts: one mail to each member who wants it now, a place in the
// daily mail of the others, and an event for the webhooks.
func (f *Flow) tellAlerts(ctx context.Context, run *job.Run) error {
	ws := identity.WorkspaceID(run.Workspace)
	tree, err := f.Themes.Tree(ctx, ws)
	if err != nil {
		return err
	}
	for told := -1; told != 0; {
		if err := f.Store.Update(ctx, func(tx *store.Tx) (err error) {
			if told, err = f.tell(tx, ws, tree); err != nil {
				return err
			}
			if told == 0 {
				return run.Finish(tx)
			}
			return run.Save(tx, job.Progress{}, nil)
		}); err != nil {
			return err
		}
	}
	return nil
}

// tell tells a batch of what is untold, and how many that were.
func (f *Flow) tell(tx *store.Tx, ws identity.WorkspaceID, tree *theme.Tree) (int, error) {
	notices, err := f.Alerts.Untold(tx, ws)
	if err != nil || len(notices) == 0 {
		return 0, err
	}
	w, err := identity.GetWorkspace(tx, ws)
	if err != nil {
		return 0, err
	}
	readers, err := f.listeners(tx, w)
	if err != nil {
		return 0, err
	}
	named, err := knownOf(tx, ws, tree)
	if err != nil {
		return 0, err
	}
	for _, r := range readers {
		var now []alert.Notice
		for _, n := range notices {
			switch {
			case r.choice.Mine && n.Alert.Owner != r.ID:
			case r.choice.Mode == deliver.Immediately:
				now = append(now, n)
			case r.choice.Mode == deliver.Daily:
				data, err := json.Marshal(n)
				if err != nil {
					return 0, err
				}
				if err := deliver.Wait(tx, ws, r.ID, deliver.Alerts, deliver.Waiting{ID: string(n.Alert.ID), Data: data}); err != nil {
					return 0, err
				}
			}
		}
		if len(now) > 0 {
			if err := f.write(tx, w, r.Reader, readers, named, now); err != nil {
				return 0, err
			}
		}
	}
	ids := make([]string, len(notices))
	for i, n := range notices {
		ids[i] = n.ID
		if _, err := f.Deliver.Publish(tx, ws, deliver.Event{Type: eventOf[n.Kind], At: n.At, Data: f.event(n.Alert, named, w.Language)}); err != nil {
			return 0, err
		}
	}
	return len(notices), f.Alerts.MarkTold(tx, ws, ids)
}

var eventOf = map[string]string{alert.Opened: deliver.AlertOpened, alert.Escalated: deliver.AlertEscalated}

// event is what a webhook is told of an alert: all that the API tells those who may not know who customers are, a name for people, and
// where to look.
func (f *Flow) event(a alert.Alert, named known, language string) any {
	return struct {
		Alert alert.Alert `json:"alert"`
		Name  string      `json:"name"`
		URL   string      `json:"url"`
	}{a.Veiled(named.veil), title(i18n.Load().Language(language), named, a), f.link(a)}
}

// alertClosed tells webhooks of the verdict.
func (f *Flow) alertClosed(tx *store.Tx, ws identity.WorkspaceID, a alert.Alert) error {
	w, err := identity.GetWorkspace(tx, ws)
	if err != nil {
		return err
	}
	tree, err := f.Themes.TreeIn(tx, ws)
	if err != nil {
		return err
	}
	named, err := knownOf(tx, ws, tree)
	if err != nil {
		return err
	}
	_, err = f.Deliver.Publish(tx, ws, deliver.Event{Type: deliver.AlertClosed, At: tx.Now, Data: f.event(a, named, w.Language)})
	return err
}

func (f *Flow) link(a alert.Alert) string { return f.Base + "/alerts/" + string(a.ID) }

// listener is a member who may see alerts, with what they chose. While there is no mail server nobody listens by mail.
type listener struct {
	identity.Reader
	choice deliver.Preference
}

func (f *Flow) listeners(tx *store.Tx, w identity.Workspace) ([]listener, error) {
	if !f.Deliver.Mail.On() {
		return nil, nil
	}
	readers, err := identity.Readers(tx, w)
	if err != nil {
		return nil, err
	}
	members := make([]identity.Member, len(readers))
	for i, r := range readers {
		members[i] = r.Member
	}
	choices, err := deliver.Preferences(tx, w.ID, deliver.Alerts, members)
	var out []listener
	for _, r := range readers {
		if r.Role.May(identity.InsightsRead) {
			out = append(out, listener{r, choices[r.ID]})
		}
	}
	return out, err
}

// sendDigests writes the daily mails whose hour has come.
func (f *Flow) sendDigests(ctx context.Context, _ *job.Run) error {
	var boxes []deliver.Mailbox
	if err := f.Store.View(ctx, func(tx *store.Tx) (err error) {
		boxes, err = deliver.Mailboxes(tx, deliver.Alerts)
		return err
	}); err != nil {
		return err
	}
	var failed error
	for _, box := range boxes { // one that fails does not keep the others from theirs
		failed = errors.Join(failed, f.sendDigest(ctx, box))
	}
	return failed
}

func (f *Flow) sendDigest(ctx context.Context, box deliver.Mailbox) error {
	tree, err := f.Themes.Tree(ctx, box.Workspace)
	if err != nil {
		return err
	}
	return f.Store.Update(ctx, func(tx *store.Tx) error {
		w, err := identity.GetWorkspace(tx, box.Workspace)
		if err != nil {
			return err
		}
		readers, err := f.listeners(tx, w)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(readers, func(r listener) bool { return r.ID == box.Member })
		if i < 0 { // gone, or without the right to see them: nothing waits any more
			_, err := deliver.Collect(tx, box, deliver.Alerts, tx.Now.Add(time.Millisecond))
			return err
		}
		waiting, err := deliver.Collect(tx, box, deliver.Alerts, deliver.Boundary(tx.Now, readers[i].choice.Hour, w.Location()))
		if err != nil || len(waiting) == 0 {
			return err
		}
		var notices []alert.Notice
		for _, x := range waiting {
			var n alert.Notice
			if err := json.Unmarshal(x.Data, &n); err != nil {
				return fault.Wrap("flow.sendDigest", err)
			}
			if n.Alert, err = f.Alerts.Find(tx, w.ID, n.Alert.ID); err != nil {
				return err
			}
			// What somebody has dealt with meanwhile is no news.
			if n.Alert.State != alert.Closed && !n.Alert.Snoozed(clock.DayOf(tx.Now, w.Location())) {
				notices = append(notices, n)
			}
		}
		if len(notices) == 0 {
			return nil
		}
		named, err := knownOf(tx, box.Workspace, tree)
		if err != nil {
			return err
		}
		return f.write(tx, w, readers[i].Reader, readers, named, notices)
	})
}

// write queues one mail to one member about some alerts.
func (f *Flow) write(tx *store.Tx, w identity.Workspace, r identity.Reader, all []listener, named known, notices []alert.Notice) error {
	l, letter := f.letter(r)
	letter.Title = l.T("mail.alerts_title", "count", len(notices), "workspace", w.Name)
	for _, n := range notices {
		letter.Items = append(letter.Items, f.item(l, named, n, all))
	}
	letter.Do = mail.Link{Label: l.T("mail.alerts_all"), URL: f.Base + "/alerts"}
	letter.Foot = l.T("mail.alerts_why", "workspace", w.Name)
	letter.FootLink = mail.Link{Label: l.T("mail.choose"), URL: f.Base + "/settings/notifications"}
	subject := letter.Title
	if len(notices) == 1 {
		subject = l.T("mail.alerts_subject", "what", letter.Items[0].Title)
	}
	return f.send(tx, w.ID, r, "alerts", subject, letter)
}

// item says what an alert is about: what was seen, against what was expected, since when, and who looks after it.
func (f *Flow) item(l *i18n.Locale, named known, n alert.Notice, all []listener) mail.Item {
	a := n.Alert
	bucket := "mail.alert_day"
	if a.Bucket == "week" {
		bucket = "mail.alert_week"
	}
	figure := func(v float64) string { return alert.Figure(l, a.Subject, v) }
	i := mail.Item{Title: title(l, named, a), Lines: []string{
		l.T(bucket, "day", day(l, a.Last), "observed", figure(a.Observed), "expected", figure(a.Expected), "low", figure(a.Low), "high", figure(a.High)),
		l.T("mail.alert_since", "day", day(l, a.Since)),
	}, Link: mail.Link{Label: l.T("mail.alert_do"), URL: f.link(a)}}
	if n.Kind == alert.Escalated {
		i.Lines = append(i.Lines, l.T("mail.alert_escalated"))
	}
	if o := slices.IndexFunc(all, func(x listener) bool { return x.ID == a.Owner }); o >= 0 {
		i.Lines = append(i.Lines, l.T("mail.alert_owner", "name", all[o].Name))
	}
	return i
}

func day(l *i18n.Locale, s string) string {
	d, err := clock.ParseDay(s)
	if err != nil {
		return s
	}
	return l.DateLong(d.Start(time.UTC), time.UTC)
}

// known are the names of what alerts are about: themes, and fields by the titles that people gave them.
type known struct {
	tree   *theme.Tree
	titles map[string]string
	veil   insight.Veil // of what is sent: it may end up anywhere
}

func knownOf(tx *store.Tx, ws identity.WorkspaceID, tree *theme.Tree) (known, error) {
	titles, err := feedback.Titles(tx, ws)
	if err != nil {
		return known{}, err
	}
	veil, err := insight.VeilOf(tx, ws)
	return known{tree, titles, veil}, err
}

// title says in a line what has happened to what, without saying who a customer is.
func title(l *i18n.Locale, named known, a alert.Alert) string {
	names := map[string]string{}
	maps.Copy(names, named.titles)
	if a.Subject.Value != "" {
		names[a.Subject.Value] = named.tree.Name(a.Subject.Value, l.Tag())
	}
	return alert.Title(l, a.Veiled(named.veil), names)
}
