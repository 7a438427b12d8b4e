// Package imports brings files of feedback in: CSV, XLSX and NDJSON of any size, through a mapping that it guesses and
// people correct. Files are streamed, every row is either kept or refused with its reasons, and what a killed process left
// half done is taken up where it stopped, without loss or doubles.
package imports

import (
	"encoding/json"
	"time"

	"kolo/internal/foundation/fault"
	"kolo/internal/foundation/job"
	"kolo/internal/foundation/table"
	"kolo/internal/people/identity"
)

// ID identifies one import.
type ID string

// State is where an import stands.
type State string

// The states. Done, Failed and Cancelled have ended; the last two can be resumed. What was kept stays kept in all of them, until somebody
// takes it back.
const (
	Uploading State = "uploading" // the file comes in; nobody but the uploader sees it
	Draft     State = "draft"     // the file is here and waits for its mapping
	Queued    State = "queued"
	Running   State = "running"
	Done      State = "done"
	Failed    State = "failed"
	Cancelled State = "cancelled"

	TakingBack State = "taking_back" // what it brought in is being removed
	TakenBack  State = "taken_back"  // nothing of what it brought in is there any more
)

// Ended tells whether nothing more happens by itself.
func (s State) Ended() bool { return s == Done || s == Failed || s == Cancelled || s == TakenBack }

// Settings say how the file is read. Options and settings of a draft can be changed with Service.Inspect.
type Settings struct {
	Format    table.Format `json:"format" enum:"csv,xlsx,ndjson"`
	Encoding  string       `json:"encoding,omitempty" doc:"Of text formats: utf-8, utf-16le, windows-1251, windows-1255, windows-1256 ..."`
	Delimiter string       `json:"delimiter,omitempty" doc:"Of CSV"`
	Sheet     string       `json:"sheet,omitempty" doc:"Of XLSX"`
	Sheets    []string     `json:"sheets,omitempty" doc:"The sheets there are"`
	Header    bool         `json:"header" doc:"The first row names the columns"`
	Above     int          `json:"above,omitempty" doc:"Rows with something in them before that one, such as a title, which belong to no table"`
	Unguard   bool         `json:"unguard,omitempty" doc:"Apostrophes before what looks like a formula are taken off, for Kolo itself put them there"`
}

func (s Settings) options() table.Options {
	o := table.Options{Format: s.Format, Encoding: s.Encoding, Sheet: s.Sheet, Unguard: s.Unguard}
	if s.Delimiter != "" {
		o.Delimiter = rune(s.Delimiter[0])
	}
	if s.Format != table.NDJSON {
		o.Header, o.Above = &s.Header, &s.Above
	}
	return o
}

// Column is one column of the file, as a sample of its rows shows it.
type Column struct {
	Name      string           `json:"name"`
	Kind      table.Kind       `json:"kind" doc:"What its values seem to be"`
	Filled    int              `json:"filled" doc:"How many rows of the sample have a value"`
	Distinct  int              `json:"distinct" doc:"How many different values the sample has"`
	Min       string           `json:"min,omitempty"`
	Max       string           `json:"max,omitempty"`
	Samples   []string         `json:"samples,omitempty" doc:"Its most frequent values"`
	Words     []string         `json:"words,omitempty" doc:"All its values, where they are a few words: as a score, each stands for a number"`
	Time      table.TimeFormat `json:"time,omitempty" doc:"Of dates: dmy, mdy, ... as the values show it"`
	Ambiguous bool             `json:"ambiguous,omitempty" doc:"Nothing in the sample says whether the day or the month comes first"`
	Decimal   string           `json:"decimal,omitempty" doc:"The decimal sign of numbers"`
	Personal  bool             `json:"personal,omitempty" doc:"It seems to say who customers are: its values are shown to those alone who may know"`
}

// Import is one file on its way in.
type Import struct {
	ID          ID                   `json:"id"`
	Workspace   identity.WorkspaceID `json:"-"`
	Name        string               `json:"name" doc:"Of the file"`
	Size        int64                `json:"size" doc:"In bytes"`
	Fingerprint string               `json:"fingerprint" doc:"SHA-256 of the file"`
	State       State                `json:"state" enum:"draft,queued,running,done,failed,cancelled,taking_back,taken_back"`
	Settings    Settings             `json:"settings"`
	Columns     []Column             `json:"columns"`
	Mapping     Mapping              `json:"mapping"`
	Rows        int64                `json:"rows" doc:"Rows dealt with so far"`
	Total       int64                `json:"total" doc:"Rows in all: an estimate until it is done, 0 while unknown"`
	Created     int64                `json:"created"`
	Duplicates  int64                `json:"duplicates" doc:"Delivered before: nothing was changed"`
	Refused     int64                `json:"refused"`
	Mended      int64                `json:"mended" doc:"Rows in which characters that cannot be read were replaced"`
	Undated     int64                `json:"undated" doc:"Created of rows without a date: they count as said when the import began, or at the time of its mapping's constants"`
	Error       string               `json:"error,omitempty" doc:"Why it failed, or last had to be tried again"`
	By          string               `json:"by" doc:"Who brought it"`
	CreatedAt   time.Time            `json:"created_at"`
	StartedAt   time.Time            `json:"started_at,omitzero"`
	FinishedAt  time.Time            `json:"finished_at,omitzero"`
	HasFile     bool                 `json:"has_file" doc:"The file is still kept: the import can be resumed"`
	ErasedAt    time.Time            `json:"erased_at,omitzero" doc:"When the file, what was seen in its columns and its refused rows were removed, because a customer in it was erased"`
	TakenAt     time.Time            `json:"taken_back_at,omitzero" doc:"When somebody asked for it to be taken back"`
	TakenBy     string               `json:"taken_back_by,omitempty" doc:"Who did"`
	Taken       int64                `json:"taken_back,omitempty" doc:"Pieces of feedback that were removed since, of those created. What was removed one by one before is not among them"`
	Forgotten   int64                `json:"contacts_removed,omitempty" doc:"Contacts that went with them: those that the import had made and nothing else was known of"`
	Twice       *Twice               `json:"twice,omitempty" doc:"In the answer to an upload: many rows are the same as feedback that is there already. Later the preview tells it, for the mapping as it is then"`
	Job         job.ID               `json:"-"`

	path    string
	told    []told
	attempt int64
	beat    time.Time
}

// Progress is the share of the rows that was dealt with, 0 to 1.
func (i Import) Progress() float64 {
	switch {
	case i.State == Done || i.State == TakenBack:
		return 1
	case i.State == TakingBack:
		return min(1, float64(i.Taken)/float64(max(1, i.Created)))
	case i.Total <= 0:
		return 0
	}
	return min(1, float64(i.Rows)/float64(i.Total))
}

// Without is when rows without a date count as said; now stands for the beginning of an import that has not begun.
func (i Import) Without(now time.Time) time.Time {
	switch {
	case i.Mapping.Constants.Time != nil:
		return *i.Mapping.Constants.Time
	case !i.StartedAt.IsZero():
		return i.StartedAt
	}
	return now
}

// Names lists the columns' names.
func (i Import) Names() []string {
	names := make([]string, len(i.Columns))
	for k, c := range i.Columns {
		names[k] = c.Name
	}
	return names
}

// Refusal is a row that was not taken.
type Refusal struct {
	Row     int64         `json:"row" doc:"1 for the first row of data"`
	Line    int64         `json:"line" doc:"Where it begins in the file"`
	Reasons []fault.Field `json:"reasons" doc:"What is wrong, by column"`
	Cells   []string      `json:"cells,omitempty" doc:"In the order of the import's columns"`
	Raw     string        `json:"raw,omitempty" doc:"Its source, where it could not be split into cells"`
}

func (r Refusal) values(ws identity.WorkspaceID, im ID) ([]any, error) {
	reasons, err := json.Marshal(r.Reasons)
	if err != nil {
		return nil, err
	}
	cells, err := json.Marshal(r.Cells)
	if err != nil {
		return nil, err
	}
	return []any{string(ws), string(im), r.Row, r.Line, string(reasons), string(cells), r.Raw}, nil
}

// keepFile is how long a file is kept after its import has ended, and keepDraft how long one that was never started.
const (
	keepFile   = 7 * 24 * time.Hour
	keepDraft  = 30 * 24 * time.Hour
	keepBroken = time.Hour // an upload in which nothing happened any more
)
