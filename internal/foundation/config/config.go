// Package config is everything an operator can set, in one struct.
//
// A value comes from the last of these that gives one: its default, the file that KOLO_CONFIG names, the environment, a
// flag. Where an operator would rather not have a secret in the environment, KOLO_X_FILE names a file that holds KOLO_X.
package config

import (
	"log/slog"
	"net/netip"
	"strings"
	"time"

	"kolo/internal/foundation/fault"
	"kolo/internal/foundation/mail"
)

// Config holds the settings. The tags are what Load, Print and Reference go by: the variable, the default, and what it
// means; secret marks what is never printed and may come from a file of its own.
type Config struct {
	Data          string        `env:"KOLO_DATA" default:"./data" doc:"Folder of the embedded set-up: its databases, and files that were uploaded."`
	Listen        string        `env:"KOLO_LISTEN" default:"127.0.0.1:8080" doc:"Address and port to serve HTTP on. ':8080' is every address of the machine."`
	PublicURL     URL           `env:"KOLO_PUBLIC_URL" schemes:"http https" doc:"Where people reach Kolo from outside; links in messages begin with it. Without it, the address it listens on."`
	DatabaseURL   URL           `env:"KOLO_DATABASE_URL" secret:"yes" schemes:"postgres postgresql" doc:"PostgreSQL that keeps the rows ('postgres://user:password@host/database'). Set with KOLO_CLICKHOUSE_URL it makes the cluster set-up; without both, Kolo keeps everything in KOLO_DATA."`
	ClickHouseURL URL           `env:"KOLO_CLICKHOUSE_URL" secret:"yes" schemes:"clickhouse http https" doc:"ClickHouse that answers questions ('clickhouse://user:password@host:9000/database')."`
	LLMURL        URL           `env:"KOLO_LLM_URL" secret:"yes" schemes:"http https" doc:"Endpoint that speaks the OpenAI protocol. Nothing needs it, and without it no text leaves the machine."`
	LLMKey        Secret        `env:"KOLO_LLM_KEY" secret:"yes" doc:"Key for that endpoint, sent as a bearer token."`
	LLMModel      string        `env:"KOLO_LLM_MODEL" doc:"Model that names themes, summarises and translates. Without it, the endpoint chooses."`
	LLMEmbedding  string        `env:"KOLO_LLM_EMBEDDING_MODEL" doc:"Model for embeddings, by which themes are found that are the same in another language."`
	LLMPerMinute  int           `env:"KOLO_LLM_PER_MINUTE" default:"60" min:"1" max:"100000" doc:"Requests to the endpoint in a minute at most."`
	SMTPURL       URL           `env:"KOLO_SMTP_URL" secret:"yes" schemes:"smtp smtps" doc:"Server that e-mail is sent through: 'smtp://user:password@host:587', or 'smtps://' for TLS from the first byte. smtp insists on STARTTLS; '?tls=opportunistic' takes what there is, '?tls=none' uses none. Without it, no e-mail is sent."`
	MailFrom      string        `env:"KOLO_MAIL_FROM" doc:"Sender of e-mail: 'Kolo <kolo@example.org>'. Without it, the user of KOLO_SMTP_URL."`
	AllowPrivate  Prefixes      `env:"KOLO_ALLOW_PRIVATE" doc:"Networks or addresses that are not public and that webhooks may be sent to all the same ('10.1.0.0/16, 127.0.0.1'), by http too. Without it, Kolo sends to public addresses by https alone."`
	LogLevel      slog.Level    `env:"KOLO_LOG_LEVEL" default:"INFO" doc:"The least that is logged: debug, info, warn or error."`
	LogFormat     string        `env:"KOLO_LOG_FORMAT" default:"text" oneof:"text json" doc:"How log lines are written."`
	Workers       int           `env:"KOLO_WORKERS" default:"0" min:"0" max:"1000" doc:"Background jobs that one process runs at once. 0 is as many as there are cores, at least 4."`
	Grace         time.Duration `env:"KOLO_GRACE" default:"10s" min:"0s" max:"1h" doc:"How long requests and jobs may go on when Kolo is told to stop."`
	BodyLimit     Size          `env:"KOLO_BODY_LIMIT" default:"32MiB" min:"1KiB" doc:"Largest body of a request. Streams of NDJSON and files for import are exempt: they are limited by the row."`
	RowLimit      Size          `env:"KOLO_ROW_LIMIT" default:"1MiB" min:"1KiB" doc:"Largest single row of a stream or a file."`
	ColumnMemory  Size          `env:"KOLO_COLUMN_MEMORY" default:"512MiB" min:"64MiB" doc:"Memory that questions may use in the embedded set-up. It can be overshot for a moment, to not quite twice as much."`
	SecureCookies string        `env:"KOLO_SECURE_COOKIES" default:"auto" oneof:"auto yes no" doc:"Whether browsers may send the session over HTTPS alone. auto: yes when KOLO_PUBLIC_URL is https."`
	Proxies       Prefixes      `env:"KOLO_TRUSTED_PROXIES" doc:"Addresses or networks ('10.0.0.0/8, ::1') whose word on where a request came from (X-Forwarded-For, X-Forwarded-Proto) is believed."`
	Metrics       string        `env:"KOLO_METRICS" default:"local" oneof:"local all token" doc:"Who may read /metrics: requests from this machine, everybody, or whoever sends KOLO_METRICS_TOKEN as a bearer token."`
	MetricsToken  Secret        `env:"KOLO_METRICS_TOKEN" secret:"yes" doc:"The token for /metrics."`

	origins map[string]string // where each variable's value came from
}

// Flags are the settings that the command line can give; nil is not given. The tags are kong's, for embedding in a command:
//
//	var cli struct { config.Flags `embed:""` }
type Flags struct {
	Config    *string `name:"config" placeholder:"FILE" help:"File of KEY=value lines, instead of KOLO_CONFIG."`
	Data      *string `name:"data" var:"KOLO_DATA" placeholder:"DIR" help:"Folder of the embedded set-up (KOLO_DATA)."`
	Listen    *string `name:"listen" var:"KOLO_LISTEN" placeholder:"ADDRESS" help:"Address and port to serve on (KOLO_LISTEN)."`
	PublicURL *string `name:"public-url" var:"KOLO_PUBLIC_URL" placeholder:"URL" help:"Where people reach Kolo (KOLO_PUBLIC_URL)."`
	LogLevel  *string `name:"log-level" var:"KOLO_LOG_LEVEL" placeholder:"LEVEL" help:"debug, info, warn or error (KOLO_LOG_LEVEL)."`
	LogFormat *string `name:"log-format" var:"KOLO_LOG_FORMAT" placeholder:"FORMAT" help:"text or json (KOLO_LOG_FORMAT)."`
	Workers   *string `name:"workers" var:"KOLO_WORKERS" placeholder:"N" help:"Background jobs at once (KOLO_WORKERS)."`
}

// Cluster tells whether this is the cluster set-up, PostgreSQL with ClickHouse, rather than the embedded one.
func (c *Config) Cluster() bool { return c.DatabaseURL != "" }

// Base is the URL that links begin with, without a slash at its end.
func (c *Config) Base() string {
	if c.PublicURL != "" {
		return strings.TrimRight(string(c.PublicURL), "/")
	}
	host, port, _ := strings.Cut(c.Listen, ":")
	if i := strings.LastIndexByte(c.Listen, ':'); i >= 0 {
		host, port = c.Listen[:i], c.Listen[i+1:]
	}
	if a, err := netip.ParseAddr(strings.Trim(host, "[]")); host == "" || err == nil && a.IsUnspecified() {
		host = "localhost"
	}
	return "http://" + host + ":" + port
}

// Secure tells whether cookies are to be sent over HTTPS alone.
func (c *Config) Secure() bool {
	return c.SecureCookies == "yes" || c.SecureCookies == "auto" && strings.HasPrefix(string(c.PublicURL), "https:")
}

// together is what is wrong with settings beside each other.
type together struct {
	fault.Field
	about []string // the settings
}

// check looks at the settings together.
func (c *Config) check() (wrong []together) {
	say := func(path, code, msg string, about ...string) {
		wrong = append(wrong, together{fault.Field{Path: path, Code: code, Msg: msg}, about})
	}
	if (c.DatabaseURL == "") != (c.ClickHouseURL == "") {
		missing, set := "KOLO_CLICKHOUSE_URL", "KOLO_DATABASE_URL"
		if c.DatabaseURL == "" {
			missing, set = set, missing
		}
		say(missing, "required", "must be set because "+set+" is: PostgreSQL and ClickHouse go together, or neither and Kolo keeps everything in KOLO_DATA", missing, set)
	}
	if _, err := mail.New(mail.Options{URL: string(c.SMTPURL), From: c.MailFrom}); err != nil {
		say("KOLO_SMTP_URL, KOLO_MAIL_FROM", "invalid", err.Error(), "KOLO_SMTP_URL", "KOLO_MAIL_FROM")
	}
	if c.Metrics == "token" && len(c.MetricsToken) < 16 {
		say("KOLO_METRICS_TOKEN", "required", "needs at least 16 characters because KOLO_METRICS is token", "KOLO_METRICS", "KOLO_METRICS_TOKEN")
	}
	if c.RowLimit > c.BodyLimit {
		say("KOLO_ROW_LIMIT", "range", "must not be larger than KOLO_BODY_LIMIT ("+c.BodyLimit.String()+")", "KOLO_ROW_LIMIT", "KOLO_BODY_LIMIT")
	}
	return wrong
}
