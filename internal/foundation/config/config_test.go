package config

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/alecthomas/kong"

	"kolo/internal/foundation/fault"
)

var update = flag.Bool("update", false, "write docs/configuration.md anew")

func load(t *testing.T, env []string, flags Flags) *Config {
	t.Helper()
	c, warnings, err := Load(env, flags)
	if err != nil {
		t.Fatal(err)
	}
	if len(warnings) > 0 {
		t.Fatal(warnings)
	}
	return c
}

func write(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "settings")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestDefaults(t *testing.T) {
	t.Parallel()
	c := load(t, []string{"PATH=/bin", "KOLO_TEST_ENGINE=sqlite", "KOLO_LISTEN="}, Flags{})
	if c.Data != "./data" || c.Listen != "127.0.0.1:8080" || c.BodyLimit != 32<<20 || c.RowLimit != 1<<20 || c.ColumnMemory != 512<<20 ||
		c.LogLevel != slog.LevelInfo || c.LogFormat != "text" || c.Metrics != "local" || c.Grace != 10*time.Second || c.Cluster() || c.Secure() {
		t.Fatalf("%+v", c)
	}
	if c.Base() != "http://127.0.0.1:8080" {
		t.Fatal(c.Base())
	}
}

func TestLaterLayersWin(t *testing.T) {
	t.Parallel()
	path := write(t, "\ufeff# ours\n\nKOLO_DATA = /from/file\nKOLO_LISTEN=\":1\"\nKOLO_LOG_LEVEL='debug'\nKOLO_WORKERS=3\n")
	data := "/from/flag"
	c := load(t, []string{"KOLO_CONFIG=" + path, "KOLO_LISTEN=:2", "KOLO_DATA=/from/env"}, Flags{Data: &data})
	if c.Data != "/from/flag" || c.Listen != ":2" || c.LogLevel != slog.LevelDebug || c.Workers != 3 {
		t.Fatalf("%+v", c)
	}
	other := write(t, "KOLO_WORKERS=5")
	if c = load(t, []string{"KOLO_CONFIG=" + path}, Flags{Config: &other}); c.Workers != 5 || c.Listen != "127.0.0.1:8080" {
		t.Fatalf("--config must replace KOLO_CONFIG: %+v", c)
	}
	var out bytes.Buffer
	if err := c.Print(&out); err != nil {
		t.Fatal(err)
	}
	if line := lineOf(out.String(), "KOLO_WORKERS"); strings.Join(strings.Fields(line), " ") != "KOLO_WORKERS 5 0 file "+other {
		t.Fatal(line)
	}
}

func lineOf(text, word string) string {
	for line := range strings.Lines(text) {
		if strings.Contains(line, word) {
			return line
		}
	}
	return ""
}

func TestFlagsFitKong(t *testing.T) {
	t.Parallel()
	var cli struct {
		Flags `embed:""`
	}
	p, err := kong.New(&cli)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Parse([]string{"--data", "/d", "--listen=:9", "--public-url", "https://voc.example.org/", "--log-level=warn", "--log-format=json", "--workers=2"}); err != nil {
		t.Fatal(err)
	}
	c := load(t, []string{"KOLO_DATA=/env"}, cli.Flags)
	if c.Data != "/d" || c.Listen != ":9" || c.Base() != "https://voc.example.org" || !c.Secure() || c.LogLevel != slog.LevelWarn || c.LogFormat != "json" || c.Workers != 2 {
		t.Fatalf("%+v", c)
	}
	known := map[string]bool{}
	for _, f := range fields() {
		known[f.env] = true
	}
	for i := range reflect.TypeFor[Flags]().NumField() {
		if name := reflect.TypeFor[Flags]().Field(i).Tag.Get("var"); name != "" && !known[name] {
			t.Errorf("a flag sets %s, which is no setting", name)
		}
	}
}

func TestAllThatIsWrongAtOnce(t *testing.T) {
	t.Parallel()
	path := write(t, "nonsense\nKOLO_GRACE=\"5s\nKOLO_DATA=a\nKOLO_DATA=b\n")
	c, _, err := Load([]string{
		"KOLO_CONFIG=" + path, "KOLO_LISTEN=8080", "KOLO_DATABASE_URL=mysql://kolo:hunter2@db/kolo", "KOLO_CLICKHOUSE_URL=clickhouse://kolo:hunter2@[db",
		"KOLO_LOG_LEVEL=loud", "KOLO_LOG_FORMAT=xml", "KOLO_WORKERS=many", "KOLO_BODY_LIMIT=huge", "KOLO_ROW_LIMIT=1", "KOLO_GRACE=2h",
		"KOLO_PUBLIC_URL=https://", "KOLO_TRUSTED_PROXIES=10.0.0.0/8,nginx", "KOLO_METRICS=nobody", "KOLO_METRICS_TOKEN_FILE=/does/not/exist", "KOLO_COLUMN_MEMORY=-1GiB",
	}, Flags{})
	if c != nil || !fault.Is(err, fault.Invalid) {
		t.Fatalf("%+v %v", c, err)
	}
	for _, want := range []string{
		path + ":1: is not KEY=value", path + ":2: has a value whose quotes", path + ":4: sets KOLO_DATA a second time",
		"KOLO_LISTEN: is not an address and port", "KOLO_DATABASE_URL: must begin with postgres:// or postgresql://", "KOLO_CLICKHOUSE_URL: is not a URL",
		`KOLO_LOG_LEVEL: is "loud"`, `KOLO_LOG_FORMAT: is "xml" and must be text or json (from environment)`, `KOLO_WORKERS: is "many"`,
		`KOLO_BODY_LIMIT: is not a size`, "KOLO_ROW_LIMIT: is 1 and must be at least 1KiB", "KOLO_GRACE: is 2h and must be at most 1h", "KOLO_PUBLIC_URL: has no host",
		`KOLO_TRUSTED_PROXIES: "nginx" is neither`, "KOLO_METRICS: is", "KOLO_METRICS_TOKEN_FILE: cannot be read", "KOLO_COLUMN_MEMORY: is not a size",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("not told: %s", want)
		}
	}
	if strings.Contains(err.Error(), "hunter2") {
		t.Errorf("a password got out: %v", err)
	}
	if _, _, err := Load([]string{"KOLO_CONFIG=/does/not/exist"}, Flags{}); !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), "KOLO_CONFIG: cannot be read") {
		t.Error(err)
	}
}

// What is wrong by itself hides neither what is wrong of others together nor a name that is misspelt.
func TestWrongTogetherBesideWrongAlone(t *testing.T) {
	t.Parallel()
	_, _, err := Load([]string{"KOLO_WORKERS=many", "KOLO_METRICS=token", "KOLO_DATABASE_URL=postgres://h/kolo", "KOLO_LISTN=:80", "KOLO_BODY_LIMIT=all", "KOLO_ROW_LIMIT=64MiB"}, Flags{})
	var f *fault.Error
	if !errors.As(err, &f) {
		t.Fatal(err)
	}
	var got []string
	for _, x := range f.Fields {
		got = append(got, x.Path)
	}
	if want := []string{"KOLO_WORKERS", "KOLO_BODY_LIMIT", "KOLO_CLICKHOUSE_URL", "KOLO_METRICS_TOKEN", "KOLO_LISTN"}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

func TestBothDatabasesOrNone(t *testing.T) {
	t.Parallel()
	const rows, columns = "KOLO_DATABASE_URL=postgres://k@db/kolo", "KOLO_CLICKHOUSE_URL=clickhouse://k@db/kolo"
	for _, half := range []string{rows, columns} {
		if _, _, err := Load([]string{half}, Flags{}); !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), "go together") {
			t.Errorf("%s alone: %v", half, err)
		}
	}
	if c := load(t, []string{rows, columns}, Flags{}); !c.Cluster() {
		t.Error("both make the cluster set-up")
	}
	for _, bad := range [][]string{{"KOLO_METRICS=token"}, {"KOLO_METRICS=token", "KOLO_METRICS_TOKEN=short"}, {"KOLO_ROW_LIMIT=64MiB"}} {
		if _, _, err := Load(bad, Flags{}); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", bad, err)
		}
	}
}

func TestSecrets(t *testing.T) {
	t.Parallel()
	path := write(t, "postgres://kolo:hunter2@db/kolo?sslpassword=hunter2\n")
	c := load(t, []string{"KOLO_DATABASE_URL_FILE=" + path, "KOLO_CLICKHOUSE_URL=clickhouse://kolo:hunter2@db:9000/kolo?password=hunter2&debug=true",
		"KOLO_METRICS=token", "KOLO_METRICS_TOKEN=hunter2hunter2hunter2", "KOLO_LLM_URL=https://x.example.org/v1?api_key=hunter2"}, Flags{})
	if c.DatabaseURL != "postgres://kolo:hunter2@db/kolo?sslpassword=hunter2" {
		t.Fatal("the file was not read as it is")
	}
	var printed, logged bytes.Buffer
	if err := c.Print(&printed); err != nil {
		t.Fatal(err)
	}
	slog.New(slog.NewJSONHandler(&logged, nil)).Info("settings", "config", c, "url", c.DatabaseURL)
	slog.New(slog.NewTextHandler(&logged, nil)).Info("settings", "config", c, "url", c.DatabaseURL, "token", c.MetricsToken)
	encoded, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	for i, text := range []string{printed.String(), logged.String(), string(encoded), fmt.Sprintf("%v %+v %#v %s", *c, c, *c, c.DatabaseURL)} {
		if strings.Contains(text, "hunter2") {
			t.Errorf("%d: a secret got out: %s", i, text)
		}
		if !strings.Contains(text, "debug=true") {
			t.Errorf("%d: too much was hidden: %s", i, text)
		}
	}
	if line := lineOf(printed.String(), "KOLO_DATABASE_URL"); !strings.Contains(line, "file "+path) {
		t.Error(line)
	}
	if _, _, err := Load([]string{"KOLO_METRICS_TOKEN=a", "KOLO_METRICS_TOKEN_FILE=" + path}, Flags{}); !fault.Is(err, fault.Invalid) {
		t.Errorf("the secret and its file: %v", err)
	}
}

func TestMail(t *testing.T) {
	t.Parallel()
	c := load(t, []string{"KOLO_SMTP_URL=smtp://kolo:hunter2@mail.example.org?tls=opportunistic", "KOLO_MAIL_FROM=Kolo <kolo@example.org>", "KOLO_ALLOW_PRIVATE=10.1.0.0/16"}, Flags{})
	if strings.Contains(c.SMTPURL.String(), "hunter2") || !c.AllowPrivate.Contains(netip.MustParseAddr("10.1.2.3")) {
		t.Errorf("%v %v", c.SMTPURL, c.AllowPrivate)
	}
	for _, bad := range [][]string{{"KOLO_SMTP_URL=http://mail"}, {"KOLO_SMTP_URL=smtp://u:hunter2@mail?tls=sometimes"}, {"KOLO_SMTP_URL=smtp://u:hunter2@mail", "KOLO_MAIL_FROM=nobody"}, {"KOLO_SMTP_URL=smtp://u:hunter2@mail:port"}} {
		if _, _, err := Load(bad, Flags{}); !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), "KOLO_SMTP_URL") || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v", bad, err)
		}
	}
}

func TestWarnings(t *testing.T) {
	t.Parallel()
	path := write(t, "KOLO_DATABASE_ULR=x\nDATA=y\n")
	_, warnings, err := Load([]string{"KOLO_CONFIG=" + path, "KOLO_LISTN=:1", "KOLO_DATA_FILE=/x", "KOLO_ENTIRELY_OTHER_THING=1", "HOME=/root"}, Flags{})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"DATA (file " + path + ") is not a setting",
		"KOLO_DATABASE_ULR (file " + path + ") is not a setting; KOLO_DATABASE_URL is",
		"KOLO_DATA_FILE (environment) is not a setting",
		"KOLO_ENTIRELY_OTHER_THING (environment) is not a setting",
		"KOLO_LISTN (environment) is not a setting; KOLO_LISTEN is",
	}
	if strings.Join(warnings, "\n") != strings.Join(want, "\n") {
		t.Fatalf("warned of\n%s", strings.Join(warnings, "\n"))
	}
}

func TestSizes(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]Size{"64MiB": 64 << 20, "1.5 GiB": 3 << 29, "10kB": 10_000, "7": 7, "2gib": 2 << 30, "12b": 12, "0": 0} {
		if got, err := ParseSize(text); err != nil || got != want {
			t.Errorf("%s is %d, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "MiB", "-1", "1XiB", "NaN", "1e300", "9223372036854775807", "inf"} {
		if got, err := ParseSize(text); err == nil {
			t.Errorf("%s was read as %d", text, got)
		}
	}
	for size, want := range map[Size]string{64 << 20: "64MiB", 1536: "1536B", 10_000: "10kB", 0: "0B", 3 << 29: "1536MiB"} {
		if size.String() != want {
			t.Errorf("%d prints as %s", size, size)
		}
	}
}

func TestProxies(t *testing.T) {
	t.Parallel()
	c := load(t, []string{"KOLO_TRUSTED_PROXIES=10.1.2.3/8, ::1 ::ffff:192.0.2.1"}, Flags{})
	if c.Proxies.String() != "10.0.0.0/8, ::1, 192.0.2.1" {
		t.Fatal(c.Proxies)
	}
	for text, want := range map[string]bool{"10.9.9.9": true, "::ffff:10.9.9.9": true, "::1": true, "192.0.2.1": true, "192.0.2.2": false, "::2": false} {
		if c.Proxies.Contains(netip.MustParseAddr(text)) != want {
			t.Errorf("%s: %v", text, !want)
		}
	}
}

func TestBase(t *testing.T) {
	t.Parallel()
	for listen, want := range map[string]string{":80": "http://localhost:80", "0.0.0.0:80": "http://localhost:80", "[::]:80": "http://localhost:80",
		"[::1]:80": "http://[::1]:80", "voc.local:80": "http://voc.local:80"} {
		if got := load(t, []string{"KOLO_LISTEN=" + listen}, Flags{}).Base(); got != want {
			t.Errorf("%s: %s", listen, got)
		}
	}
}

// The table in the documentation is the one that Reference makes: go test ./internal/foundation/config -update
func TestDocumentationIsFresh(t *testing.T) {
	t.Parallel()
	const path, begin, end = "../../../docs/configuration.md", "<!-- settings -->\n", "<!-- /settings -->"
	page, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var table strings.Builder
	if err := Reference(&table); err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(page), begin)
	_, after, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		t.Fatalf("%s has no %s ... %s", path, begin, end)
	}
	fresh := before + begin + table.String() + end + after
	if *update {
		if err := os.WriteFile(path, []byte(fresh), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if fresh != string(page) {
		t.Error("docs/configuration.md is stale: run go test ./internal/foundation/config -update")
	}
}
