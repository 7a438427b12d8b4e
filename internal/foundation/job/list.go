package job

import (
	"encoding/json"
	"strconv"
	"time"

	"kolo/internal/foundation/fault"
	"kolo/internal/foundation/id"
	"kolo/internal/foundation/store"
)

// Job is one job as pages show it.
type Job struct {
	ID         ID
	Workspace  string
	Kind       Kind
	Key        string
	State      State
	Stopping   bool // it runs, and was asked to stop
	Payload    json.RawMessage
	RunAt      time.Time
	Attempt    int // claims so far
	Failures   int // errors since the first start or the last resume
	Max        int
	Done       int64 // progress: Done of Total units; Total is 0 while unknown
	Total      int64
	Note       string // a word on the progress, from the handler
	Error      string // of the last attempt that failed; safe to show
	Checkpoint json.RawMessage
	Created    time.Time
	Started    time.Time // zero until it first starts
	Finished   time.Time // zero until it ends
}

const (
	jobColumns = `id, workspace, kind, unique_key, state, cancel, payload, run_at, attempt, failures, max_attempts, done, total, note, error,
		checkpoint, created_at, started_at, finished_at`
	selectJob = "SELECT " + jobColumns + " FROM job"
)

func scanJob(s store.Scanner) (j Job, err error) {
	var cancel, runAt, created, started, finished int64
	var payload, checkpoint string
	err = s.Scan(&j.ID, &j.Workspace, &j.Kind, &j.Key, &j.State, &cancel, &payload, &runAt, &j.Attempt, &j.Failures, &j.Max,
		&j.Done, &j.Total, &j.Note, &j.Error, &checkpoint, &created, &started, &finished)
	j.Stopping = cancel == 1 && j.State == Running
	j.Payload, j.Checkpoint = json.RawMessage(payload), json.RawMessage(checkpoint)
	j.RunAt, j.Created, j.Started, j.Finished = instant(runAt), instant(created), instant(started), instant(finished)
	return j, err
}

func instant(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}

// Get reads one job of the workspace.
func Get(tx *store.Tx, workspace string, job ID) (Job, error) {
	j, err := store.One(tx, scanJob, "/* job.Get */ "+selectJob+" WHERE id = $1 AND workspace = $2", string(job), workspace)
	if fault.Is(err, fault.NotFound) {
		return j, fault.New(fault.NotFound, "job.Get", "there is no such job")
	}
	return j, err
}

// Filter says which jobs to list. An empty list means all.
type Filter struct {
	Kinds  []Kind
	States []State
	Cursor string // what the page before returned; "" for the first
	Limit  int    // 1 to 200; 50 when 0
}

// List reads the workspace's jobs, newest first, and the cursor of the next page: "" on the last.
func List(tx *store.Tx, workspace string, f Filter) ([]Job, string, error) {
	if f.Cursor != "" && !id.Valid(f.Cursor) {
		return nil, "", fault.Bad("job.List", fault.Field{Path: "cursor", Code: "cursor", Msg: "this is not a cursor of this list"})
	}
	if f.Limit <= 0 {
		f.Limit = 50
	}
	f.Limit = min(f.Limit, 200)
	query, args := "/* job.List */ "+selectJob+" WHERE workspace = $1", []any{workspace}
	if f.Cursor != "" {
		args = append(args, f.Cursor)
		query += " AND id < $2"
	}
	if len(f.Kinds) > 0 {
		query += " AND kind IN " + store.In(len(args), len(f.Kinds))
		args = append(args, store.Anys(f.Kinds)...)
	}
	if len(f.States) > 0 {
		query += " AND state IN " + store.In(len(args), len(f.States))
		args = append(args, store.Anys(f.States)...)
	}
	jobs, err := store.All(tx, scanJob, query+" ORDER BY id DESC LIMIT "+strconv.Itoa(f.Limit+1), args...)
	if err != nil || len(jobs) <= f.Limit {
		return jobs, "", err
	}
	return jobs[:f.Limit], string(jobs[f.Limit-1].ID), nil
}
