// Package clickhousetest gives tests a ClickHouse database of their own.
package clickhousetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"text/template"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
)

// server is the one server of this test process, started by the first test that asks for it.
var server = sync.OnceValues(start)

var errMissing = errors.New("the program is not installed")

var databases atomic.Int64

// URL is the address (clickhouse://...) of a fresh, empty database, dropped when the test ends. All tests of a process
// share one server, which is started on free ports of 127.0.0.1, as another user when we are root, and which ends and
// cleans up after itself when this process does, however that happens. KOLO_TEST_CLICKHOUSE_URL names a running server to
// use instead (and KOLO_TEST_CLICKHOUSE_CLUSTER the cluster that it is a node of, if it is). Without either, the test is skipped with a line that begins "SKIPPED: clickhouse-server".
func URL(tb testing.TB) string {
	tb.Helper()
	base := os.Getenv("KOLO_TEST_CLICKHOUSE_URL")
	if base == "" {
		var err error
		base, err = server()
		if errors.Is(err, errMissing) {
			tb.Skip("SKIPPED: clickhouse-server: " + err.Error() + " (apt-get install clickhouse-server, or set KOLO_TEST_CLICKHOUSE_URL)")
		}
		if err != nil {
			tb.Fatal(err)
		}
	}
	u, err := url.Parse(base)
	if err != nil {
		tb.Fatal(err)
	}
	name := fmt.Sprintf("kolo_test_%d_%d", os.Getpid(), databases.Add(1))
	exec := func(sql string) {
		if err := run(base, sql); err != nil {
			tb.Errorf("clickhousetest: %s: %v", sql, err)
		}
	}
	on := ""
	if cluster := os.Getenv("KOLO_TEST_CLICKHOUSE_CLUSTER"); cluster != "" {
		on = " ON CLUSTER " + cluster
	}
	exec("CREATE DATABASE " + name + on)
	tb.Cleanup(func() { exec("DROP DATABASE IF EXISTS " + name + on) })
	u.Path = "/" + name
	return u.String()
}

func run(dsn, sql string) error {
	opt, err := clickhouse.ParseDSN(dsn)
	if err != nil {
		return err
	}
	conn, err := clickhouse.Open(opt)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	return errors.Join(conn.Exec(ctx, sql), conn.Close())
}

// program finds the server where Debian puts it, which is not on every user's PATH.
func program() (string, error) {
	for _, name := range []string{"clickhouse-server", "/usr/sbin/clickhouse-server", "/usr/bin/clickhouse-server"} {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", errMissing
}

// Start starts the server of this process, if none runs yet, and gives its address; "" when it is not installed. It ends
// with this process.
func Start() (string, error) {
	dsn, err := server()
	if errors.Is(err, errMissing) {
		return "", nil
	}
	return dsn, err
}

func start() (string, error) {
	path, err := program()
	if err != nil {
		return "", err
	}
	for try := 0; ; try++ { // another process may take a port between our choosing it and the server's listening
		dsn, err := startOn(path)
		if err == nil || try == 2 {
			return dsn, err
		}
	}
}

func startOn(path string) (string, error) {
	dir, err := os.MkdirTemp("", "kolo-clickhouse-")
	if err != nil {
		return "", err
	}
	attr := &syscall.SysProcAttr{Setpgid: true} // an interrupt of the tests must not reach the watchdog
	if os.Geteuid() == 0 {                      // the server refuses to work on files of another user, and root is more than it needs
		if attr.Credential, err = other(); err != nil {
			return "", err
		}
	}
	ports := freePorts(2)
	if ports == nil {
		return "", errors.New("clickhousetest: no free port")
	}
	for name, t := range map[string]*template.Template{"config.xml": config, "users.xml": users} {
		var b bytes.Buffer
		if err := t.Execute(&b, map[string]any{"Dir": dir, "Native": ports[0], "HTTP": ports[1]}); err != nil {
			return "", err
		}
		if err := os.WriteFile(filepath.Join(dir, name), b.Bytes(), 0o644); err != nil {
			return "", err
		}
	}
	if attr.Credential != nil {
		if err := os.Chown(dir, int(attr.Credential.Uid), int(attr.Credential.Gid)); err != nil {
			return "", err
		}
	}
	log, err := os.Create(filepath.Join(dir, "output.log"))
	if err != nil {
		return "", err
	}
	defer log.Close()
	// The shell is a watchdog: its input is a pipe of which this process holds the other end, so it wakes when this
	// process is gone, be it by a panic, a timeout or a kill.
	cmd := exec.Command("/bin/sh", "-c", `"$1" --config-file="$2/config.xml" </dev/null & pid=$!; read -r _; kill -9 $pid; wait $pid; cd /; rm -rf "$2"`,
		"watchdog", path, dir)
	cmd.Dir, cmd.Stdout, cmd.Stderr, cmd.SysProcAttr = dir, log, log, attr
	pipe, err := cmd.StdinPipe()
	if err != nil {
		return "", err
	}
	if err := cmd.Start(); err != nil {
		return "", err
	}
	keep = append(keep, pipe)

	dsn := "clickhouse://default@127.0.0.1:" + strconv.Itoa(ports[0]) + "/default"
	deadline := time.Now().Add(60 * time.Second)
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		if err = run(dsn, "SELECT 1"); err == nil {
			return dsn, nil
		}
		if time.Now().After(deadline) {
			text, _ := os.ReadFile(filepath.Join(dir, "output.log"))
			tail, _ := os.ReadFile(filepath.Join(dir, "error.log"))
			_ = pipe.Close()
			return "", fmt.Errorf("clickhousetest: the server did not start: %w\n%s\n%s", err, text, tail)
		}
		<-tick.C
	}
}

// keep holds our ends of the watchdogs' pipes; the collector would close them.
var keep []any

// other is the user that the server runs as when we are root.
func other() (*syscall.Credential, error) {
	for _, name := range []string{"clickhouse", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err1 := strconv.ParseUint(u.Uid, 10, 32)
		gid, err2 := strconv.ParseUint(u.Gid, 10, 32)
		if err1 == nil && err2 == nil {
			return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
		}
	}
	return nil, errors.New("clickhousetest: neither a user clickhouse nor nobody to run the server as")
}

func freePorts(n int) []int {
	var ports []int
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil
		}
		defer l.Close() // after all were chosen, so that they differ
		ports = append(ports, l.Addr().(*net.TCPAddr).Port)
	}
	return ports
}

// Small caches and pools: it shares a machine with the tests.
var config = template.Must(template.New("config").Parse(`<?xml version="1.0"?>
<yandex>
  <logger><level>warning</level><log>{{.Dir}}/server.log</log><errorlog>{{.Dir}}/error.log</errorlog><size>10M</size><count>1</count></logger>
  <listen_host>127.0.0.1</listen_host>
  <tcp_port>{{.Native}}</tcp_port>
  <http_port>{{.HTTP}}</http_port>
  <path>{{.Dir}}/data/</path>
  <tmp_path>{{.Dir}}/tmp/</tmp_path>
  <user_files_path>{{.Dir}}/files/</user_files_path>
  <format_schema_path>{{.Dir}}/schemas/</format_schema_path>
  <users_config>{{.Dir}}/users.xml</users_config>
  <default_profile>default</default_profile>
  <default_database>default</default_database>
  <timezone>UTC</timezone>
  <mark_cache_size>8388608</mark_cache_size>
  <uncompressed_cache_size>0</uncompressed_cache_size>
  <max_concurrent_queries>200</max_concurrent_queries>
</yandex>
`))

var users = template.Must(template.New("users").Parse(`<?xml version="1.0"?>
<yandex>
  <profiles><default><background_pool_size>4</background_pool_size><max_threads>2</max_threads><log_queries>0</log_queries></default></profiles>
  <users><default><password></password><networks><ip>127.0.0.1</ip></networks><profile>default</profile><quota>default</quota></default></users>
  <quotas><default><interval><duration>3600</duration><queries>0</queries><errors>0</errors><result_rows>0</result_rows><read_rows>0</read_rows><execution_time>0</execution_time></interval></default></quotas>
</yandex>
`))
