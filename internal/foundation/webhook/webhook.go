// Package webhook sends signed requests after the Standard Webhooks specification 1.0.0 (standardwebhooks.com), for which
// receivers have libraries in many languages.
package webhook

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"kolo/internal/foundation/outbound"
)

const secretPrefix = "whsec_"

// NewSecret makes a secret to sign with: 32 random bytes, in base64 after "whsec_".
func NewSecret() string {
	var b [32]byte
	if _, err := rand.Read(b[:]); err != nil {
		panic("webhook: no randomness: " + err.Error()) // crypto/rand does not fail on the systems we run on
	}
	return secretPrefix + base64.StdEncoding.EncodeToString(b[:])
}

// Sign gives the signature of one attempt: "v1," and the base64 of HMAC-SHA256 over "id.seconds.body".
func Sign(secret, id string, at time.Time, body []byte) (string, error) {
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, secretPrefix))
	if err != nil {
		return "", errors.New("the secret is not base64") // the decoder's text would tell of it
	}
	mac := hmac.New(sha256.New, key)
	fmt.Fprintf(mac, "%s.%d.", id, at.Unix())
	mac.Write(body)
	return "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil)), nil
}

// Options of a client.
type Options struct {
	Guard   outbound.Guard
	Plain   bool          // http is allowed too; otherwise https alone
	Timeout time.Duration // of an attempt, from the dialling to the end of the answer; 20 s when 0
}

// Client sends. Safe for concurrent use.
type Client struct {
	o    Options
	http *http.Client
}

// New makes a client.
func New(o Options) *Client {
	if o.Timeout == 0 {
		o.Timeout = 20 * time.Second
	}
	return &Client{o, &http.Client{
		Transport: o.Guard.Transport(), Timeout: o.Timeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// maxURL is how long an address may be, in bytes.
const maxURL = 2000

// CheckURL says in a word what is wrong with an address that somebody typed, "" when nothing is: "url", "scheme", "user",
// "long", or "private" for one that plainly leads to a place which is not public. Where a name leads is checked when it is
// dialled.
func (c *Client) CheckURL(s string) string {
	u, err := url.Parse(s)
	switch {
	case len(s) > maxURL:
		return "long"
	case err != nil || u.Hostname() == "" || u.Opaque != "" || u.Fragment != "" || !utf8.ValidString(s):
		return "url"
	case u.Scheme != "https" && (u.Scheme != "http" || !c.o.Plain):
		return "scheme"
	case u.User != nil:
		return "user"
	}
	host := strings.ToLower(strings.TrimSuffix(u.Hostname(), "."))
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		host = "127.0.0.1"
	}
	if a, err := netip.ParseAddr(host); err == nil && c.o.Guard.Check(a) != nil {
		return "private"
	}
	return ""
}

// Request is one attempt.
type Request struct {
	URL     string
	ID      string // the same at each attempt
	At      time.Time
	Secrets []string // one, or two while the first takes the place of the second
	Body    []byte   // JSON
	Agent   string   // of the header User-Agent
}

// Response is an answer.
type Response struct {
	Status     int
	RetryAfter time.Duration // that the receiver asks for; 0 for none
	Text       string        // the beginning of the answer, for people who look for a fault
}

// OK tells whether the receiver took it: any status from 200 to 299.
func (r Response) OK() bool { return r.Status >= 200 && r.Status <= 299 }

const (
	keepAnswer = 1 << 10
	readAnswer = 64 << 10 // beyond this the connection is closed rather than read
)

// Post sends. The error is that there was no answer: an *outbound.Blocked, a deadline, or what became of the connection. It
// does not hold the address, which may be secret.
func (c *Client) Post(ctx context.Context, r Request) (Response, error) {
	if wrong := c.CheckURL(r.URL); wrong != "" && wrong != "private" { // what is private is said when it is dialled, with its address
		return Response{}, errors.New("the address is not allowed: " + wrong)
	}
	signatures := make([]string, len(r.Secrets))
	for i, s := range r.Secrets {
		var err error
		if signatures[i], err = Sign(s, r.ID, r.At, r.Body); err != nil {
			return Response{}, err
		}
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, r.URL, bytes.NewReader(r.Body))
	if err != nil {
		return Response{}, errors.New("the request cannot be made")
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", r.Agent)
	req.Header.Set("Webhook-Id", r.ID)
	req.Header.Set("Webhook-Timestamp", strconv.FormatInt(r.At.Unix(), 10))
	req.Header.Set("Webhook-Signature", strings.Join(signatures, " "))
	res, err := c.http.Do(req)
	if err != nil {
		var u *url.Error
		if errors.As(err, &u) {
			err = u.Err
		}
		return Response{}, err
	}
	defer res.Body.Close()
	// The status is the answer; a body that breaks off or trickles changes nothing of it.
	text, _ := io.ReadAll(io.LimitReader(res.Body, keepAnswer))
	_, _ = io.CopyN(io.Discard, res.Body, readAnswer)
	return Response{res.StatusCode, retryAfter(res.Header.Get("Retry-After"), r.At), clean(text)}, nil
}

// maxRetryAfter bounds how long a receiver can put off the next attempt.
const maxRetryAfter = 24 * time.Hour

// retryAfter reads the header: seconds, or a date.
func retryAfter(s string, now time.Time) time.Duration {
	var d time.Duration
	if n, err := strconv.ParseInt(s, 10, 32); err == nil {
		d = time.Duration(n) * time.Second
	} else if t, err := http.ParseTime(s); err == nil {
		d = t.Sub(now)
	}
	return min(max(d, 0), maxRetryAfter)
}

// clean makes text of what may be anything: valid, on one line, without controls.
func clean(b []byte) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		switch {
		case r == utf8.RuneError:
			return -1
		case r < ' ' || r == 0x7f:
			return ' '
		}
		return r
	}, strings.ToValidUTF8(string(b), "")))
}
