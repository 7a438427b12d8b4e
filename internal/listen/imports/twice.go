package imports

import (
	"slices"
	"time"

	"kolo/internal/foundation/store"
	"kolo/internal/listen/feedback"
)

// Twice says that rows of a file are feedback which is there already, under other ids.
type Twice struct {
	Rows   int    `json:"rows" doc:"How many are the same as feedback that is there already, and would be counted twice"`
	Of     int    `json:"of" doc:"How many rows were compared with what is there"`
	Advice Advice `json:"advice" enum:"map_id,source,leave_out"`
	Source string `json:"source,omitempty" doc:"The source that the feedback which is there has, where the rows would have another"`
}

// Advice is what is to be done so that rows are not counted twice.
type Advice string

// The advices.
const (
	MapID    Advice = "map_id"    // what is there has ids of its own: map the column with them
	SetTo    Advice = "source"    // the ids are the same, but the source is not
	LeaveOut Advice = "leave_out" // what is there came without ids: nothing tells the rows apart but leaving them out
)

const (
	comparedRows = 200 // of the sample
	earlierFiles = 5   // with the same columns, for rows without a time
)

// valid is a row of the sample that would be kept.
type valid struct {
	in      *feedback.Input
	undated bool // the file does not say when
}

// twice compares some rows of a sample with the feedback that is there. It is nil unless at least a fifth of them are the same: a few may
// be so by chance.
func (b *builder) twice(tx *store.Tx, im Import, rows []valid) (*Twice, error) {
	some := make([]*feedback.Input, 0, comparedRows)
	undated := map[int]bool{}
	for k := range min(len(rows), comparedRows) { // from all of the sample: new rows may stand first or last
		r := rows[k*len(rows)/min(len(rows), comparedRows)]
		undated[len(some)] = r.undated
		some = append(some, r.in)
	}
	var times []time.Time
	if slices.ContainsFunc(rows, func(r valid) bool { return r.undated }) {
		var err error
		if times, err = sameColumns(tx, im); err != nil {
			return nil, err
		}
		if at := im.Mapping.Constants.Time; at != nil {
			times = append(times, *at)
		}
	}
	twins, err := feedback.Twins(tx, im.Workspace, some, undated, times)
	if err != nil {
		return nil, err
	}
	t := Twice{Of: len(some), Advice: LeaveOut}
	sameID, ownID := 0, 0
	sources := map[string]int{}
	for i, twin := range twins {
		if twin.ID == "" {
			continue
		}
		t.Rows++
		made, before := b.made(some[i].ExternalID), twin.ExternalID == ""
		if _, ok := RowOf(twin.ExternalID); ok {
			before = true // it came without an id
		}
		switch {
		case twin.ExternalID == some[i].ExternalID:
			sameID++
		case made && !before:
			ownID++
		default:
			continue
		}
		if twin.Source != some[i].Source {
			if sources[twin.Source]++; t.Source == "" || sources[twin.Source] > sources[t.Source] {
				t.Source = twin.Source
			}
		}
	}
	switch {
	case t.Rows == 0 || 5*t.Rows < t.Of:
		return nil, nil
	case 2*sameID >= t.Rows:
		t.Advice = SetTo
	case 2*ownID >= t.Rows:
		t.Advice = MapID
	default:
		t.Source = ""
	}
	return &t, nil
}

// sameColumns tells when the latest files with the same columns were brought in: what they had without a time is of that moment.
func sameColumns(tx *store.Tx, im Import) (times []time.Time, err error) {
	list, err := store.All(tx, scanImport, "/* imports.sameColumns */ "+selectImport+" WHERE workspace = $1 AND id <> $2 AND created > 0 ORDER BY id DESC LIMIT 100",
		string(im.Workspace), string(im.ID))
	if err != nil {
		return nil, err
	}
	names := slices.Sorted(slices.Values(im.Names()))
	for _, e := range list {
		if len(times) < earlierFiles && slices.Equal(slices.Sorted(slices.Values(e.Names())), names) {
			at := e.StartedAt
			if t := e.Mapping.Constants.Time; t != nil {
				at = *t
			}
			times = append(times, at)
		}
	}
	return times, nil
}
