package fault

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"kolo/internal/foundation/column/clickhousetest"
	"kolo/internal/foundation/store/storetest"
	"kolo/test/process"
)

// An import that is to be shared takes longer than a worker looks away.
const importRows, sharedRows = 1000, 3000

// upload starts an import of so many rows, and gives its id.
func upload(t *testing.T, server *process.Server, key, name string, rows int) string {
	t.Helper()
	var b strings.Builder
	b.WriteString("source,external_id,channel,comment,nps\n")
	for i := range rows {
		fmt.Fprintf(&b, "%s,%s-%d,web,It was row %d and it was fine,%d\n", name, name, i, i, i%11)
	}
	status, body, err := server.Call(t.Context(), key, http.MethodPost, "/v1/imports?start=true&name="+name+".csv", "text/csv", []byte(b.String()))
	var im struct{ ID string }
	if err != nil || status != http.StatusCreated || json.Unmarshal(body, &im) != nil {
		t.Fatalf("upload: %d %s %v", status, body, err)
	}
	return im.ID
}

type importState struct {
	State                               string
	Created, Duplicates, Refused, Total int
	Error                               string
}

// until looks again and again, for two minutes at most.
func until(t *testing.T, what string, is func() bool) {
	t.Helper()
	look, end := time.NewTicker(50*time.Millisecond), time.After(2*time.Minute)
	defer look.Stop()
	for !is() {
		select {
		case <-look.C:
		case <-end:
			t.Fatalf("%s: not within two minutes", what)
		}
	}
}

// done waits until an import has ended, and checks that every row of it was kept once.
func done(t *testing.T, server *process.Server, key, im string, rows int) {
	t.Helper()
	var s importState
	until(t, "the import ends", func() bool {
		server.JSON(key, http.MethodGet, "/v1/imports/"+im, nil, &s, http.StatusOK)
		return s.State == "done" || s.State == "failed" || s.State == "cancelled"
	})
	if s.State != "done" || s.Created != rows || s.Duplicates != 0 || s.Refused != 0 {
		t.Fatalf("%+v\n%s", s, server.Log())
	}
}

var ended = regexp.MustCompile(`(?m)^kolo_jobs_total\{kind="import",outcome="([a-z]+)"\} (\d+)`)

// attempts tells how the attempts at imports ended in a process.
func attempts(t *testing.T, s *process.Server) map[string]int {
	t.Helper()
	status, b, err := s.Call(t.Context(), "", http.MethodGet, "/metrics", "", nil)
	if err != nil || status != http.StatusOK {
		t.Fatalf("metrics: %d %v", status, err)
	}
	out := map[string]int{}
	for _, m := range ended.FindAllSubmatch(b, -1) {
		n, err := strconv.Atoi(string(m[2]))
		if err != nil {
			t.Fatal(err)
		}
		out[string(m[1])] += n
	}
	return out
}

// TestWorkersShareTheWork has a server and two workers on one cluster, under load: each import is done once, by whoever;
// workers go on alone when the server is killed, and the server when the workers are.
func TestWorkersShareTheWork(t *testing.T) {
	k := process.New(t, "KOLO_DATABASE_URL="+storetest.PostgresURL(t), "KOLO_CLICKHOUSE_URL="+clickhousetest.URL(t))
	key := k.Bootstrap("Work", "w@example.com")
	server, workers := k.Serve(), []*process.Server{k.Work(), k.Work()}
	for path, want := range map[string]int{"/healthz": 200, "/readyz": 200, "/metrics": 200, "/": 404, "/v1/feedback": 404, "/sign-in": 404} {
		if status, _, err := workers[0].Call(t.Context(), key, http.MethodGet, path, "", nil); err != nil || status != want {
			t.Errorf("a worker answers %d to %s: %v", status, path, err)
		}
	}

	s := &sender{acked: map[string]string{}}
	var load sync.WaitGroup
	send := func(to *process.Server) {
		for range 6 {
			load.Go(func() { s.single(t, to, key) })
		}
	}
	send(server)
	var all []string
	for i := range 6 {
		all = append(all, upload(t, server, key, fmt.Sprint("shared", i), sharedRows))
	}
	for _, im := range all {
		done(t, server, key, im, sharedRows)
	}
	// An import is done a moment before its attempt is counted.
	until(t, "each import is counted", func() bool {
		total := 0
		for _, p := range append(workers, server) {
			total += attempts(t, p)["done"]
		}
		if total > len(all) {
			t.Fatalf("%d imports were done %d times", len(all), total)
		}
		return total == len(all)
	})
	for i, p := range append(workers, server) {
		a := attempts(t, p)
		if len(a) > 0 && a["done"]+a["retry"] == 0 || a["failed"]+a["lost"]+a["cancelled"] > 0 { // what lost a race is tried again
			t.Errorf("process %d: %v\n%s", i, a, p.Log())
		}
		t.Logf("process %d: %v", i, a)
	}

	// The server queues one more and is gone: the workers find it, half done or not begun.
	before := attempts(t, workers[0])["done"] + attempts(t, workers[1])["done"]
	orphan := upload(t, server, key, "orphan", importRows)
	server.Kill()
	load.Wait()
	until(t, "the workers do what the server left", func() bool {
		return attempts(t, workers[0])["done"]+attempts(t, workers[1])["done"] == before+1
	})
	server = k.Serve()
	done(t, server, key, orphan, importRows)

	// And the other way round: both workers are killed at work.
	send(server)
	all = all[:0]
	for i := range 4 {
		all = append(all, upload(t, server, key, fmt.Sprint("killed", i), importRows))
	}
	for _, w := range workers {
		w.Kill()
	}
	workers = []*process.Server{k.Work()}
	for _, im := range all {
		done(t, server, key, im, importRows)
	}
	server.Kill()
	load.Wait()
	server = k.Serve()

	kept := list(t, server, key)
	for external, id := range s.acked {
		if got := kept[external]; len(got) != 1 || got[0] != id {
			t.Fatalf("%s was acknowledged as %s and is there as %v", external, id, got)
		}
	}
	imported := 0
	for external, ids := range kept {
		if len(ids) != 1 {
			t.Fatalf("%s is there %d times", external, len(ids))
		}
		if !strings.HasPrefix(external, "row-") {
			imported++
		}
	}
	if want := 6*sharedRows + 5*importRows; imported != want {
		t.Fatalf("%d rows of imports, not %d", imported, want)
	}
	if len(s.acked) < 50 {
		t.Errorf("only %d acknowledged: there was no load", len(s.acked))
	}
	if n := server.CaughtUp(key, len(kept)); n != len(kept) {
		t.Fatalf("%d in the columns, %d in the rows\n%s", n, len(kept), server.Log())
	}
	t.Logf("%d acknowledged, %d imported, %d kept", len(s.acked), imported, len(kept))
	workers[0].Stop()
	if log := workers[0].Log(); strings.Contains(log, "panic") {
		t.Error(log)
	}
}

func TestAWorkerNeedsACluster(t *testing.T) {
	t.Parallel()
	out, err := process.New(t).Try("worker")
	if err == nil || !strings.Contains(out, "cluster set-up") || strings.Contains(out, "panic") {
		t.Errorf("%v: %s", err, out)
	}
}
