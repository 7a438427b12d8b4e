// Package process runs the real program for end-to-end tests: built once, started on either set-up, killed at will.
package process

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"sync"
	"syscall"
	"testing"
	"time"

	"kolo/internal/foundation/column/clickhousetest"
	"kolo/internal/foundation/store/storetest"
)

var build = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "kolo-bin-")
	if err != nil {
		return "", err
	}
	bin := filepath.Join(dir, "kolo")
	// Without what only a debugger reads, which is most of the work of linking; the traces of a panic stay.
	cmd := exec.Command("go", "build", "-ldflags=-s -w", "-o", bin, "kolo/cmd/kolo")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build: %w: %s", err, out)
	}
	return bin, nil
})

// Cleanup removes the built program; call it at the end of TestMain.
func Cleanup() {
	if bin, err := build(); err == nil {
		_ = os.RemoveAll(filepath.Dir(bin))
	}
}

// Kolo is an installation: a program and its data.
type Kolo struct {
	t   testing.TB
	bin string
	env []string
	Key string // of the workspace that Bootstrap made
}

// EachSetup runs a test on an installation of each of the two set-ups, both at once: much of such a test is waiting.
func EachSetup(t *testing.T, test func(t *testing.T, k *Kolo)) {
	t.Helper()
	t.Run("embedded", func(t *testing.T) {
		t.Parallel()
		test(t, New(t))
	})
	t.Run("cluster", func(t *testing.T) {
		t.Parallel()
		test(t, New(t, "KOLO_DATABASE_URL="+storetest.PostgresURL(t), "KOLO_CLICKHOUSE_URL="+clickhousetest.URL(t)))
	})
}

// New makes an installation with an empty data folder; env adds settings.
func New(t testing.TB, env ...string) *Kolo {
	t.Helper()
	bin, err := build()
	if err != nil {
		t.Fatal(err)
	}
	return &Kolo{t: t, bin: bin, env: append(append(os.Environ(), "KOLO_DATA="+t.TempDir(), "KOLO_LISTEN=127.0.0.1:0"), env...)}
}

// Run runs a command and gives what it printed; it fails the test when the command fails.
func (k *Kolo) Run(args ...string) string {
	k.t.Helper()
	out, err := k.Try(args...)
	if err != nil {
		k.t.Fatalf("kolo %v: %v\n%s", args, err, out)
	}
	return out
}

// Try runs a command and gives what it printed and how it ended.
func (k *Kolo) Try(args ...string) (string, error) {
	cmd := exec.Command(k.bin, args...)
	cmd.Env = k.env
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// Output runs a command and gives what it wrote on standard output alone.
func (k *Kolo) Output(args ...string) string {
	k.t.Helper()
	cmd := exec.Command(k.bin, args...)
	cmd.Env = k.env
	var said bytes.Buffer
	cmd.Stderr = &said
	out, err := cmd.Output()
	if err != nil {
		k.t.Fatalf("kolo %v: %v\n%s", args, err, &said)
	}
	return string(out)
}

var secret = regexp.MustCompile(`kolo_[A-Za-z0-9]+`)

// Bootstrap makes a workspace and gives its key, which Call uses from then on.
func (k *Kolo) Bootstrap(workspace, email string) string {
	k.t.Helper()
	k.Key = secret.FindString(k.Run("admin", "bootstrap", "--workspace", workspace, "--email", email))
	if k.Key == "" {
		k.t.Fatal("bootstrap printed no key")
	}
	return k.Key
}

// Server is a running `kolo serve`, or `kolo worker`.
type Server struct {
	k   *Kolo
	cmd *exec.Cmd
	URL string
	log *tail
	end chan struct{}
}

type tail struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (t *tail) add(line string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.b.Len() < 1<<20 {
		t.b.WriteString(line + "\n")
	}
}

var address = regexp.MustCompile(`address=(http://\S+)`)

// Serve starts the server and waits until it is ready.
func (k *Kolo) Serve() *Server {
	k.t.Helper()
	return k.start("serve")
}

// Work starts a process that only does background work, and waits until it does.
func (k *Kolo) Work() *Server {
	k.t.Helper()
	return k.start("worker")
}

func (k *Kolo) start(command string) *Server {
	k.t.Helper()
	s := &Server{k: k, cmd: exec.Command(k.bin, command), log: &tail{}, end: make(chan struct{})}
	s.cmd.Env = k.env
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	out, err := s.cmd.StderrPipe()
	if err != nil {
		k.t.Fatal(err)
	}
	if err := s.cmd.Start(); err != nil {
		k.t.Fatal(err)
	}
	said := make(chan string, 1)
	go func() {
		lines := bufio.NewScanner(out)
		lines.Buffer(nil, 1<<20)
		for lines.Scan() {
			s.log.add(lines.Text())
			if m := address.FindStringSubmatch(lines.Text()); m != nil {
				select {
				case said <- m[1]:
				default:
				}
			}
		}
		_ = s.cmd.Wait()
		close(s.end)
	}()
	k.t.Cleanup(s.Kill)
	select {
	case s.URL = <-said:
	case <-s.end:
		k.t.Fatalf("the server ended:\n%s", s.Log())
	case <-time.After(60 * time.Second):
		k.t.Fatalf("the server did not start:\n%s", s.Log())
	}
	return s
}

// Log is what the server has written.
func (s *Server) Log() string {
	s.log.mu.Lock()
	defer s.log.mu.Unlock()
	return s.log.b.String()
}

// Kill ends the server as a power cut would (kill -9), and waits until it is gone.
func (s *Server) Kill() {
	_ = s.cmd.Process.Kill()
	<-s.end
}

// Stop ends the server as an operator would.
func (s *Server) Stop() {
	_ = s.cmd.Process.Signal(syscall.SIGTERM)
	<-s.end
}

// Call sends a request with a key and gives the status and the body; an error when there was no whole answer.
func (s *Server) Call(ctx context.Context, key, method, path, contentType string, body []byte) (int, []byte, error) {
	req, err := http.NewRequestWithContext(ctx, method, s.URL+path, bytes.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	if key != "" {
		req.Header.Set("Authorization", "Bearer "+key)
	}
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	return res.StatusCode, b, err
}

// JSON sends a value and reads the answer into out (when not nil), and fails the test unless the status is want.
func (s *Server) JSON(key, method, path string, in, out any, want int) {
	s.k.t.Helper()
	var body []byte
	if in != nil {
		var err error
		if body, err = json.Marshal(in); err != nil {
			s.k.t.Fatal(err)
		}
	}
	status, b, err := s.Call(context.Background(), key, method, path, "application/json", body)
	if err != nil || status != want {
		s.k.t.Fatalf("%s %s: status %d, want %d, %v\n%s\n%s", method, path, status, want, err, b, s.Log())
	}
	if out != nil {
		if err := json.Unmarshal(b, out); err != nil {
			s.k.t.Fatalf("%s %s: %v: %s", method, path, err, b)
		}
	}
}

// CaughtUp waits until the columns answer with want pieces of feedback of the key's workspace, for two minutes at most, and
// gives how many they have. More is no end either: ClickHouse has what replaces a row beside it for a moment, and texts that
// were read again are replaced.
func (s *Server) CaughtUp(key string, want int) int {
	s.k.t.Helper()
	var n int
	for end := time.Now().Add(2 * time.Minute); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		var a struct{ Total struct{ N int } }
		s.JSON(key, http.MethodPost, "/v1/insights/query", map[string]any{"measure": "count"}, &a, http.StatusOK)
		if n = a.Total.N; n == want {
			break
		}
	}
	return n
}
