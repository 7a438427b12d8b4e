package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"
)

const connections = 128

// serveEmpty answers every request with 201 and a small body, having read what was sent: the most that a server written in
// Go can do here.
func serveEmpty() {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Fprintln(os.Stderr, "address=http://"+l.Addr().String())
	err = http.Serve(l, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusCreated)
		_, _ = io.WriteString(w, `{"index":0,"status":"created","id":"01a20acd-fdb5-7001-8979-e6f95372c0f9"}`)
	}))
	fmt.Fprintln(os.Stderr, err)
}

var address = regexp.MustCompile(`address=http://(\S+)`)

// start runs a server and gives its address when it has said it.
func start(cmd *exec.Cmd) (string, error) {
	out, err := cmd.StderrPipe()
	if err != nil {
		return "", err
	}
	if err := cmd.Start(); err != nil {
		return "", err
	}
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if m := address.FindStringSubmatch(lines.Text()); m != nil {
			go func() { _, _ = io.Copy(os.Stderr, out) }()
			return m[1], nil
		}
	}
	return "", fmt.Errorf("%v ended early", cmd.Args)
}

func stop(cmd *exec.Cmd) {
	_ = cmd.Process.Signal(syscall.SIGTERM)
	_ = cmd.Wait()
}

// memory reads a field of a process's status, in MiB: VmRSS is now, VmHWM the most it ever was.
func memory(pid int, field string) float64 {
	b, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	for l := range strings.Lines(string(b)) {
		if f := strings.Fields(l); len(f) > 1 && f[0] == field+":" {
			kib, _ := strconv.ParseFloat(f[1], 64)
			return kib / 1024
		}
	}
	return 0
}

func (b *bench) ingest(imported int) error {
	alone, _, err := b.bootstrap("alone")
	if err != nil {
		return err
	}
	if err := b.importFile(alone, imported, "nothing beside it"); err != nil {
		return err
	}
	env, key, err := b.bootstrap("data")
	if err != nil {
		return err
	}
	server := exec.CommandContext(b, b.bin, "serve")
	server.Env = append(env, "KOLO_LOG_LEVEL=info")
	at, err := start(server)
	if err != nil {
		return err
	}
	defer stop(server)
	time.Sleep(3 * time.Second) // until it has settled: what is measured is a server that idles
	idle := memory(server.Process.Pid, "VmRSS")
	b.add(line{"kolo serve, idle: resident memory", fmt.Sprintf("%.0f MiB", idle), "150 MiB", "", idle <= 150})

	self, err := os.Executable()
	if err != nil {
		return err
	}
	peer := exec.CommandContext(b, self, "-empty")
	peerAt, err := start(peer)
	if err != nil {
		return err
	}
	// Interleaved, so that both see the same machine.
	var ours, theirs []load
	for range 2 {
		l, err := b.load(peerAt, key)
		if err != nil {
			return err
		}
		theirs = append(theirs, l)
		if l, err = b.load(at, key); err != nil {
			return err
		}
		ours = append(ours, l)
	}
	stop(peer)
	us, empty := best(ours), best(theirs)
	ratio := us.rate / empty.rate
	b.add(line{"POST /v1/feedback, single and durable, 128 connections", fmt.Sprintf("%.0f/s, p99 %.0f ms", us.rate, us.p99.Seconds()*1000), "12,000/s, p99 50 ms",
		fmt.Sprintf("empty Go handler %.0f/s, p99 %.0f ms: ratio %.2f (limit 12,000/26,000 = 0.46)", empty.rate, empty.p99.Seconds()*1000, ratio),
		us.rate >= 12000 && us.p99 < 50*time.Millisecond || ratio >= 12.0/26})

	const streamed = 300_000
	rate, err := stream(at, key, streamed)
	if err != nil {
		return err
	}
	b.add(line{"POST /v1/feedback as NDJSON", fmt.Sprintf("%.0f rows/s", rate), "60,000 rows/s", "", rate >= 60000})
	if rate, err = batches(at, key, streamed); err != nil {
		return err
	}
	b.add(line{"POST /v1/batch, 4 connections, 500 events each", fmt.Sprintf("%.0f events/s", rate), "20,000 events/s", "", rate >= 20000})
	most := memory(server.Process.Pid, "VmHWM")
	b.add(line{"kolo serve, under this load: most resident memory", fmt.Sprintf("%.0f MiB", most), "1,536 MiB", "", most <= 1536})
	return b.importFile(env, imported, "a server that reads beside it")
}

// bootstrap makes a workspace in a folder of its own, and gives the environment to work with it and a key.
func (b *bench) bootstrap(folder string) (env []string, key string, err error) {
	env = append(os.Environ(), "KOLO_DATA="+filepath.Join(b.dir, folder), "KOLO_LISTEN=127.0.0.1:0", "KOLO_LOG_LEVEL=warn")
	boot := exec.CommandContext(b, b.bin, "admin", "bootstrap", "--workspace", "Bench", "--email", "bench@example.com")
	boot.Env = env
	out, err := boot.Output()
	if err != nil {
		return nil, "", fmt.Errorf("bootstrap: %w", err)
	}
	return env, regexp.MustCompile(`kolo_[A-Za-z0-9]+`).FindString(string(out)), nil
}

func (b *bench) importFile(env []string, n int, way string) error {
	path := filepath.Join(b.dir, "answers.csv")
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	w := bufio.NewWriter(f)
	fmt.Fprintln(w, "id,date,customer,nps,comment")
	for i := range n {
		fmt.Fprintf(w, "a%d,2026-%02d-%02d,c%d,%d,\"The courier was late again, but the staff were kind (%d)\"\n", i, 1+i%10, 1+i%28, i%50000, i%11, i)
	}
	if err := errors.Join(w.Flush(), f.Close()); err != nil {
		return err
	}
	cmd := exec.CommandContext(b, b.bin, "import", path, "--workspace", "Bench", "--source", "bench file")
	cmd.Env = env
	start := time.Now()
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("kolo import: %w: %s", err, out)
	}
	rate := float64(n) / time.Since(start).Seconds()
	most := float64(cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss) / 1024
	b.add(line{fmt.Sprintf("kolo import, CSV of %d rows and 5 columns, %s", n, way), fmt.Sprintf("%.0f rows/s, at most %.0f MiB", rate, most), "60,000 rows/s", "", rate >= 60000})
	return nil
}

// load is what a load of single requests came to.
type load struct {
	rate float64
	p99  time.Duration
}

func best(loads []load) load {
	return slices.MaxFunc(loads, func(a, b load) int { return int(a.rate - b.rate) })
}

var serial atomic.Int64

// load sends single pieces of feedback over 128 connections, each waiting for its answer before it sends the next. The
// requests are written by hand: the generator shares the two cores with what it measures.
func (b *bench) load(at, key string) (load, error) {
	end := time.Now().Add(time.Duration(b.seconds) * time.Second)
	var wg sync.WaitGroup
	took := make([][]time.Duration, connections)
	failed := make(chan error, connections)
	start := time.Now()
	for c := range connections {
		wg.Go(func() {
			conn, err := net.Dial("tcp", at)
			if err != nil {
				failed <- err
				return
			}
			defer conn.Close()
			in := bufio.NewReaderSize(conn, 4096)
			var body, request []byte
			for time.Now().Before(end) {
				n := serial.Add(1)
				body = fmt.Appendf(body[:0], `{"channel":"web","source":"bench","external_id":"x%d","text":"The courier was late again but the staff were kind and solved it quickly, thank you","contact":{"external_id":"c%d"},"touchpoint":"delivery","scores":[{"metric":"nps","value":%d,"scale":{"min":0,"max":10}}],"attributes":{"country":"IL","plan":"gold"}}`, n, n%20000, n%11)
				request = fmt.Appendf(request[:0], "POST /v1/feedback HTTP/1.1\r\nHost: kolo\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", key, len(body), body)
				t := time.Now()
				if _, err := conn.Write(request); err != nil {
					failed <- err
					return
				}
				if err := readAnswer(in); err != nil {
					failed <- err
					return
				}
				took[c] = append(took[c], time.Since(t))
			}
		})
	}
	wg.Wait()
	elapsed := time.Since(start)
	select {
	case err := <-failed:
		return load{}, err
	default:
	}
	all := slices.Concat(took...)
	if len(all) == 0 {
		return load{}, errors.New("nothing was answered")
	}
	slices.Sort(all)
	return load{float64(len(all)) / elapsed.Seconds(), all[len(all)*99/100]}, nil
}

var lengthHeader = []byte("Content-Length: ")

func readAnswer(in *bufio.Reader) error {
	status, err := in.ReadSlice('\n')
	if err != nil {
		return err
	}
	if !bytes.HasPrefix(status, []byte("HTTP/1.1 201")) {
		return fmt.Errorf("answered %s", bytes.TrimSpace(status))
	}
	length := 0
	for {
		l, err := in.ReadSlice('\n')
		if err != nil {
			return err
		}
		if len(l) <= 2 {
			break
		}
		if bytes.HasPrefix(l, lengthHeader) {
			if length, err = strconv.Atoi(string(bytes.TrimSpace(l[len(lengthHeader):]))); err != nil {
				return err
			}
		}
	}
	_, err = in.Discard(length)
	return err
}

// batches sends n events of 20,000 customers in batches of 500 over four connections, and gives how many are kept a second.
func batches(at, key string, n int) (float64, error) {
	const size, senders = 500, 4
	bodies := make(chan []byte, n/size)
	for from := 0; from < n; from += size {
		var all bytes.Buffer
		all.WriteString(`{"batch":[`)
		for i := from; i < from+size; i++ {
			if i > from {
				all.WriteByte(',')
			}
			fmt.Fprintf(&all, `{"type":"track","messageId":"e%d","userId":"c%d","event":"delivery","timestamp":"2026-01-%02dT10:00:00Z","properties":{"courier":"Swift","late":false,"value":12.5,"currency":"EUR"}}`, i, i%20000, 1+i%28)
		}
		all.WriteString(`]}`)
		bodies <- all.Bytes()
	}
	close(bodies)
	start := time.Now()
	var group errgroup.Group
	for range senders {
		group.Go(func() error {
			for body := range bodies {
				req, err := http.NewRequest(http.MethodPost, "http://"+at+"/v1/batch", bytes.NewReader(body))
				if err != nil {
					return err
				}
				req.Header.Set("Authorization", "Bearer "+key)
				req.Header.Set("Content-Type", "application/json")
				res, err := http.DefaultClient.Do(req)
				if err != nil {
					return err
				}
				_, _ = io.Copy(io.Discard, res.Body)
				_ = res.Body.Close()
				if res.StatusCode != http.StatusOK {
					return fmt.Errorf("a batch was answered %s", res.Status)
				}
			}
			return nil
		})
	}
	err := group.Wait()
	return float64(n) / time.Since(start).Seconds(), err
}

// stream sends NDJSON in one request and gives rows a second, from the first byte sent to the last byte answered.
func stream(at, key string, n int) (float64, error) {
	var all bytes.Buffer
	for i := range n {
		fmt.Fprintf(&all, `{"channel":"web","source":"stream","external_id":"s%d-%d","text":"The courier was late again but the staff were kind and solved it quickly, thank you","contact":{"external_id":"c%d"},"touchpoint":"delivery","scores":[{"metric":"nps","value":%d,"scale":{"min":0,"max":10}}],"attributes":{"country":"IL","plan":"gold"}}`+"\n", serial.Load(), i, i%20000, i%11)
	}
	req, err := http.NewRequest(http.MethodPost, "http://"+at+"/v1/feedback", &all)
	if err != nil {
		return 0, err
	}
	req.Header.Set("Authorization", "Bearer "+key)
	req.Header.Set("Content-Type", "application/x-ndjson")
	start := time.Now()
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err
	}
	defer res.Body.Close()
	if _, err := io.Copy(io.Discard, res.Body); err != nil {
		return 0, err
	}
	if res.StatusCode != http.StatusOK {
		return 0, fmt.Errorf("NDJSON was answered %s", res.Status)
	}
	return float64(n) / time.Since(start).Seconds(), nil
}
