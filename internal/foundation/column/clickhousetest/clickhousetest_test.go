package clickhousetest

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
)

// TestMain lets the test binary be a test process that starts a server and then dies.
func TestMain(m *testing.M) {
	if os.Getenv("KOLO_TEST_START_AND_WAIT") != "" {
		dsn, err := server()
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		fmt.Println(dsn)
		select {}
	}
	os.Exit(m.Run())
}

func TestTwoDatabasesOnOneServer(t *testing.T) {
	t.Parallel()
	a, b := URL(t), URL(t)
	if a == b {
		t.Fatalf("both tests got %s", a)
	}
	for _, dsn := range []string{a, b} {
		opt, err := clickhouse.ParseDSN(dsn)
		if err != nil {
			t.Fatal(err)
		}
		conn, err := clickhouse.Open(opt)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		var name string
		if err := conn.QueryRow(context.Background(), "SELECT currentDatabase()").Scan(&name); err != nil || name != opt.Auth.Database {
			t.Fatalf("%q %v", name, err)
		}
	}
}

// TestServerDiesWithItsProcess kills a test process the hard way: neither its server nor its files may stay.
func TestServerDiesWithItsProcess(t *testing.T) {
	t.Parallel()
	if _, err := program(); err != nil {
		t.Skip("SKIPPED: clickhouse-server: " + err.Error())
	}
	tmp, err := os.MkdirTemp("", "kolo-dies-") // not t.TempDir, which only root may look into
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(tmp)
	if err := os.Chmod(tmp, 0o777); err != nil { // the server may run as another user, who deletes his folder here
		t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "KOLO_TEST_START_AND_WAIT=1", "TMPDIR="+tmp)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	if !lines.Scan() {
		t.Fatal("no server was started")
	}
	dsn := lines.Text()
	if err := run(dsn, "SELECT 1"); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // it was killed
	deadline := time.After(30 * time.Second)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		left, err := os.ReadDir(tmp)
		if err != nil {
			t.Fatal(err)
		}
		if len(left) == 0 && run(dsn, "SELECT 1") != nil {
			return
		}
		select {
		case <-deadline:
			t.Fatalf("left behind: %v", left)
		case <-tick.C:
		}
	}
}
