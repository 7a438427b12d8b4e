// Package storetest opens migrated stores for tests, on both engines, and starts the PostgreSQL they need.
package storetest

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"kolo/internal/foundation/clock"
	"kolo/internal/foundation/store"
)

// Each runs a test on a fresh, migrated store of every engine. With KOLO_TEST_ENGINE=sqlite or postgres, on that alone.
func Each(t *testing.T, test func(t *testing.T, db *store.DB)) {
	t.Helper()
	each(t, func(t *testing.T, open opener) { test(t, open(t, clock.System{})) })
}

// EachAt is Each on a fake clock that begins at start. Every engine has its own, for they run at once.
func EachAt(t *testing.T, start time.Time, test func(t *testing.T, db *store.DB, c *clock.Fake)) {
	t.Helper()
	each(t, func(t *testing.T, open opener) {
		c := clock.NewFake(start)
		test(t, open(t, c), c)
	})
}

type opener = func(testing.TB, clock.Clock) *store.DB

func each(t *testing.T, test func(*testing.T, opener)) {
	t.Helper()
	for name, open := range map[string]opener{"sqlite": SQLite, "postgres": Postgres} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, open)
		})
	}
}

var quiet = slog.New(slog.DiscardHandler)

// SQLite opens a fresh, migrated SQLite store in the test's own folder.
func SQLite(tb testing.TB, c clock.Clock) *store.DB {
	tb.Helper()
	only(tb, "sqlite")
	file, err := migrated()
	if err != nil {
		tb.Fatal(err)
	}
	path := filepath.Join(tb.TempDir(), "kolo.db")
	if err := os.WriteFile(path, file, 0o600); err != nil {
		tb.Fatal(err)
	}
	return open(tb, path, c)
}

// migrated is the file of a migrated SQLite store: to write it costs a test a small part of what it costs to migrate.
var migrated = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "kolo-sqlite-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "kolo.db")
	if err := migrate(path); err != nil {
		return nil, err
	}
	return os.ReadFile(path)
})

func migrate(url string) error {
	ctx := context.Background()
	db, err := store.Open(ctx, store.Options{URL: url, Log: quiet})
	if err != nil {
		return err
	}
	return errors.Join(db.Migrate(ctx), db.Close())
}

// Postgres opens a fresh, migrated database on the test server.
func Postgres(tb testing.TB, c clock.Clock) *store.DB {
	tb.Helper()
	return open(tb, database(tb, template), c)
}

// open migrates too, which finds nothing to do where what it opens is a copy of what is migrated.
func open(tb testing.TB, url string, c clock.Clock) *store.DB {
	tb.Helper()
	ctx := context.Background()
	db, err := store.Open(ctx, store.Options{URL: url, Clock: c, Log: quiet})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = db.Close() })
	if err := db.Migrate(ctx); err != nil {
		tb.Fatal(err)
	}
	return db
}

func only(tb testing.TB, engine string) {
	tb.Helper()
	if want := os.Getenv("KOLO_TEST_ENGINE"); want != "" && want != engine {
		tb.Skip("KOLO_TEST_ENGINE=" + want)
	}
}

var databases atomic.Int64

// PostgresURL makes an empty database for one test and returns its URL. The server is the one that
// KOLO_TEST_POSTGRES_URL names, or else one of this test process's own, which ends with it.
func PostgresURL(tb testing.TB) string {
	tb.Helper()
	return database(tb, "")
}

// template is the migrated database on the servers that Start starts. Other servers are left without: nobody would remove it.
const template = "kolo_template"

func database(tb testing.TB, template string) string {
	tb.Helper()
	only(tb, "postgres")
	server := os.Getenv("KOLO_TEST_POSTGRES_URL")
	if server == "" {
		var err error
		if server, err = Start(); err != nil {
			tb.Fatal(err)
		}
		if server == "" {
			tb.Skip("SKIPPED: postgres is not installed (apt-get install postgresql)")
		}
	}
	name := fmt.Sprintf("kolo_%d_%d", os.Getpid(), databases.Add(1))
	if template == "" || store.AdminExec(context.Background(), server, "CREATE DATABASE "+name+" TEMPLATE "+template) != nil {
		admin(tb, server, "CREATE DATABASE "+name)
	}
	tb.Cleanup(func() { admin(tb, server, "DROP DATABASE "+name+" WITH (FORCE)") })
	u, err := url.Parse(server)
	if err != nil {
		tb.Fatal(err)
	}
	u.Path = "/" + name
	return u.String()
}

func admin(tb testing.TB, server, statement string) {
	tb.Helper()
	if err := store.AdminExec(context.Background(), server, statement); err != nil {
		tb.Fatal(err)
	}
}

// Start starts the PostgreSQL server of this process, if none runs yet, on a free port of 127.0.0.1, and gives its URL;
// "" when PostgreSQL is not installed. The server ends, and its folder goes, when this process ends, however it ends.
var Start = sync.OnceValues(start)

func start() (string, error) {
	bins, _ := filepath.Glob("/usr/lib/postgresql/*/bin/postgres")
	if len(bins) == 0 {
		return "", nil
	}
	bin := filepath.Dir(bins[len(bins)-1])
	dir, err := os.MkdirTemp("", "kolo-postgres-")
	if err != nil {
		return "", err
	}
	cred, err := unprivileged()
	if err != nil {
		return "", err
	}
	if cred != nil {
		if err := os.Chown(dir, int(cred.Uid), int(cred.Gid)); err != nil {
			return "", err
		}
	}
	data := filepath.Join(dir, "data")
	initdb := exec.Command(bin+"/initdb", "-D", data, "-U", "kolo", "--auth=trust", "--no-sync", "-E", "UTF8", "--locale=C.UTF-8")
	initdb.Dir = dir
	initdb.SysProcAttr = &syscall.SysProcAttr{Credential: cred}
	if out, err := initdb.CombinedOutput(); err != nil {
		return "", fmt.Errorf("initdb: %w: %s", err, out)
	}
	port, err := freePort()
	if err != nil {
		return "", err
	}
	// The shell waits on its standard input, which closes when this process ends: then it stops the server by its pid.
	guard := exec.Command("sh", "-c", `"$0" "$@" & pid=$!; read _; kill -QUIT $pid; wait $pid; rm -rf "$PWD"`,
		bin+"/postgres", "-D", data, "-k", dir, "-h", "127.0.0.1", "-p", strconv.Itoa(port),
		"-c", "fsync=off", "-c", "full_page_writes=off", "-c", "max_connections=400", "-c", "shared_buffers=128MB", "-c", "logging_collector=off")
	guard.Dir = dir
	guard.SysProcAttr = &syscall.SysProcAttr{Credential: cred, Setpgid: true}
	logs, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		return "", err
	}
	defer logs.Close()
	guard.Stdout, guard.Stderr = logs, logs
	in, err := guard.StdinPipe()
	if err != nil {
		return "", err
	}
	if err := guard.Start(); err != nil {
		return "", err
	}
	ended := make(chan struct{})
	go func() { _ = guard.Wait(); close(ended) }()
	address := fmt.Sprintf("postgres://kolo@127.0.0.1:%d/%%s?sslmode=disable", port)
	server := fmt.Sprintf(address, "postgres")
	deadline := time.After(60 * time.Second)
	for {
		if err = store.AdminExec(context.Background(), server, "SELECT 1"); err == nil {
			keep.Store(in, struct{}{})
			if err = store.AdminExec(context.Background(), server, "CREATE DATABASE "+template); err == nil {
				err = migrate(fmt.Sprintf(address, template))
			}
			return server, err
		}
		select {
		case <-ended:
			text, _ := os.ReadFile(logs.Name())
			return "", fmt.Errorf("postgres ended: %s", text)
		case <-deadline:
			return "", fmt.Errorf("postgres does not answer: %w", err)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// keep holds the pipes open: a collected pipe closes, and with it the server.
var keep sync.Map

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

// unprivileged is whom to run a server as that refuses root: nil when we are not root ourselves.
func unprivileged() (*syscall.Credential, error) {
	if os.Getuid() != 0 {
		return nil, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		if u, err := user.Lookup(name); err == nil {
			uid, _ := strconv.ParseUint(u.Uid, 10, 32)
			gid, _ := strconv.ParseUint(u.Gid, 10, 32)
			return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
		}
	}
	return nil, fmt.Errorf("no user to run a server as: tried %s", strings.Join([]string{"postgres", "nobody"}, ", "))
}
