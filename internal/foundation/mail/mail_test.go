package mail_test

import (
	"context"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	netmail "net/mail"
	"strings"
	"testing"
	"time"

	"kolo/internal/foundation/mail"
	"kolo/internal/foundation/mail/mailtest"
)

var at = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

func client(t *testing.T, s *mailtest.Server, timeout time.Duration) *mail.Client {
	t.Helper()
	s.Start(t)
	c, err := mail.New(mail.Options{URL: s.URL(), From: "קולו <kolo@example.org>", Timeout: timeout})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func message() mail.Message {
	return mail.Message{ID: "0197-1", To: "dana@example.org", Name: "דנה", Subject: "שתי התראות", Language: "he", Text: "שלום\n.\nעולם\n", HTML: "<p dir=\"rtl\">שלום</p>", Date: at,
		List: "alerts", Settings: "https://kolo.example/settings/notifications"}
}

// parts reads a mail as a mail program does: its header, decoded, and its parts by type.
func parts(t *testing.T, m mailtest.Mail) (netmail.Header, map[string]string) {
	t.Helper()
	read, err := netmail.ReadMessage(strings.NewReader(m.Data))
	if err != nil {
		t.Fatal(err)
	}
	kind, params, err := mime.ParseMediaType(read.Header.Get("Content-Type"))
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	add := func(kind, encoding string, r io.Reader) {
		if encoding == "quoted-printable" {
			r = quotedprintable.NewReader(r)
		}
		text, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		kind, _, _ = mime.ParseMediaType(kind)
		out[kind] = strings.ReplaceAll(string(text), "\r\n", "\n")
	}
	if !strings.HasPrefix(kind, "multipart/") {
		add(kind, read.Header.Get("Content-Transfer-Encoding"), read.Body)
		return read.Header, out
	}
	for r := multipart.NewReader(read.Body, params["boundary"]); ; {
		p, err := r.NextRawPart()
		if err == io.EOF {
			return read.Header, out
		} else if err != nil {
			t.Fatal(err)
		}
		add(p.Header.Get("Content-Type"), p.Header.Get("Content-Transfer-Encoding"), p)
	}
}

func decoded(t *testing.T, s string) string {
	t.Helper()
	out, err := new(mime.WordDecoder).DecodeHeader(s)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestSends(t *testing.T) {
	t.Parallel()
	s := &mailtest.Server{User: "kolo", Password: "hunter2"}
	c := client(t, s, 0)
	for range 2 {
		if err := c.Send(t.Context(), message()); err != nil {
			t.Fatal(err)
		}
	}
	mails := s.Mails()
	if len(mails) != 2 || s.SignIns() != 2 || mails[0].From != "kolo@example.org" || len(mails[0].To) != 1 || mails[0].To[0] != "dana@example.org" {
		t.Fatalf("%+v", mails)
	}
	for _, m := range mails {
		h, p := parts(t, m)
		for name, want := range map[string]string{"Subject": "שתי התראות", "Message-Id": "<0197-1@example.org>", "Auto-Submitted": "auto-generated", "List-Id": "<alerts.kolo.example.org>",
			"List-Unsubscribe": "<https://kolo.example/settings/notifications>", "Content-Language": "he", "Date": at.Format(time.RFC1123Z)} {
			if got := decoded(t, h.Get(name)); got != want {
				t.Errorf("%s is %q instead of %q", name, got, want)
			}
		}
		if to, err := h.AddressList("To"); err != nil || to[0].Name != "דנה" {
			t.Errorf("to %v %v", to, err)
		}
		if from, err := h.AddressList("From"); err != nil || from[0].Name != "קולו" {
			t.Errorf("from %v %v", from, err)
		}
		if p["text/plain"] != message().Text || p["text/html"] != message().HTML {
			t.Errorf("%q", p)
		}
	}
}

// TestNoHeaderBeginsInAText: whatever stands in a subject, a name or a language, the mail has the headers that it should.
func TestNoHeaderBeginsInAText(t *testing.T) {
	t.Parallel()
	s := &mailtest.Server{}
	c := client(t, s, 0)
	for _, evil := range []string{"a\r\nBcc: x@example.com", "a\nX-Evil: 1\n\nbody", "a\rX-Evil: 1", "a\u2028X-Evil: 1", "a\x00b", `"><x>", <y@example.com>`, strings.Repeat("ש", 500)} {
		m := message()
		m.Subject, m.Name, m.Language, m.List, m.ID, m.Settings = evil, evil, "en", "alerts", "id", "https://kolo.example/"
		if err := c.Send(t.Context(), m); err != nil {
			t.Errorf("%q: %v", evil, err)
			continue
		}
		all := s.Mails()
		got := all[len(all)-1]
		h, p := parts(t, got)
		if h.Get("Bcc") != "" || h.Get("X-Evil") != "" || len(got.To) != 1 || p["text/plain"] != m.Text {
			t.Errorf("%q: %v", evil, got.Data)
		}
		if to, err := h.AddressList("To"); err != nil || len(to) != 1 || to[0].Address != m.To {
			t.Errorf("%q: to %v %v", evil, to, err)
		}
	}
	for _, to := range []string{"", "dana", "dana@example.org\r\nRCPT TO:<x@example.com>", "dana@example.org, x@example.com", "Dana <dana@example.org>", "<dana@example.org>"} {
		m := message()
		m.To = to
		var refused *mail.Refused
		if err := c.Send(t.Context(), m); !errors.As(err, &refused) || !refused.Permanent() {
			t.Errorf("%q: %v", to, err)
		}
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		server    *mailtest.Server
		code      int
		permanent bool
		text      string
	}{
		"later":     {&mailtest.Server{Data: func(int, mailtest.Mail) error { return mailtest.Refuse(451, "greylisted, come again") }}, 451, false, "greylisted, come again"},
		"never":     {&mailtest.Server{Data: func(int, mailtest.Mail) error { return mailtest.Refuse(554, "this is spam") }}, 554, true, "this is spam"},
		"full":      {&mailtest.Server{Recipient: func(string) error { return mailtest.Refuse(452, "mailbox full") }}, 452, false, "mailbox full"},
		"nobody":    {&mailtest.Server{Recipient: func(string) error { return mailtest.Refuse(550, "no such person") }}, 550, true, "no such person"},
		"signed in": {&mailtest.Server{User: "kolo", Password: "other"}, 535, false, "Authentication failed"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := c.server
			s.Start(t)
			url := strings.Replace(s.URL(), ":other@", ":hunter2@", 1)
			sender, err := mail.New(mail.Options{URL: url, From: "kolo@example.org"})
			if err != nil {
				t.Fatal(err)
			}
			var refused *mail.Refused
			err = sender.Send(t.Context(), message())
			if !errors.As(err, &refused) || refused.Code != c.code || refused.Permanent() != c.permanent || !strings.Contains(refused.Text, c.text) || len(refused.Text) > len(c.text)+10 || strings.Contains(err.Error(), "hunter2") {
				t.Errorf("%v", err)
			}
			if len(s.Mails()) != 0 {
				t.Error("it was taken")
			}
		})
	}
}

// TestTheConnection: one that breaks, is slow, or cannot be had is neither success nor a refusal.
func TestTheConnection(t *testing.T) {
	t.Parallel()
	check := func(t *testing.T, err error) {
		t.Helper()
		var refused *mail.Refused
		if err == nil || errors.As(err, &refused) {
			t.Errorf("%v", err)
		}
	}
	t.Run("breaks after the last byte", func(t *testing.T) {
		t.Parallel()
		s := &mailtest.Server{Data: func(int, mailtest.Mail) error { return mailtest.Hang }}
		check(t, client(t, s, 0).Send(t.Context(), message()))
		if len(s.Mails()) != 1 {
			t.Errorf("the server has %d", len(s.Mails()))
		}
	})
	t.Run("is slow", func(t *testing.T) {
		t.Parallel()
		check(t, client(t, &mailtest.Server{Slow: time.Second}, 100*time.Millisecond).Send(t.Context(), message()))
	})
	t.Run("ends with the context", func(t *testing.T) {
		t.Parallel()
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		begin := time.Now()
		check(t, client(t, &mailtest.Server{Slow: 5 * time.Second}, 0).Send(ctx, message()))
		if took := time.Since(begin); took > 3*time.Second {
			t.Errorf("that took %s", took)
		}
	})
	t.Run("has no TLS", func(t *testing.T) {
		t.Parallel()
		s := &mailtest.Server{}
		address := s.Start(t)
		for _, url := range []string{"smtp://" + address, "smtps://" + address, "smtp://127.0.0.1:1"} {
			c, err := mail.New(mail.Options{URL: url, From: "kolo@example.org", Timeout: time.Second})
			if err != nil {
				t.Fatal(err)
			}
			check(t, c.Send(t.Context(), message()))
		}
		if len(s.Mails()) != 0 {
			t.Error("a mail went without TLS")
		}
	})
}

func TestSettings(t *testing.T) {
	t.Parallel()
	if c, err := mail.New(mail.Options{}); c.On() || c.From() != "" || c.Server() != "" || err != nil || c.Send(t.Context(), message()) == nil {
		t.Errorf("what is off: %v", err)
	}
	for url, want := range map[string]string{"smtp://mail.example.org": "mail.example.org:587 kolo@mail.example.org", "smtps://me%40example.org:p@mail.example.org": "mail.example.org:465 me@example.org"} {
		c, err := mail.New(mail.Options{URL: url})
		if err != nil || c.Server()+" "+c.From() != want {
			t.Errorf("%s: %v %s %s", url, err, c.Server(), c.From())
		}
	}
	for _, url := range []string{"http://mail", "smtp://", "smtp://u:hunter2@mail?tls=maybe", "smtp://u:hunter2@ma il"} {
		if _, err := mail.New(mail.Options{URL: url, From: "kolo@example.org"}); err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v", url, err)
		}
	}
}

func TestLetter(t *testing.T) {
	t.Parallel()
	l := mail.Letter{Language: "fa", Direction: "rtl", Title: "دو هشدار", Lead: "از دیروز", Items: []mail.Item{
		{Title: "<script>alert(1)</script>", Lines: []string{"a & b", "c"}, Link: mail.Link{Label: "ببینید", URL: "https://kolo.example/alerts/1?a=1&b=2"}},
		{Title: "plain", Link: mail.Link{Label: "bad", URL: "javascript:alert(1)"}},
	}, Do: mail.Link{Label: "همه", URL: "https://kolo.example/alerts"}, Foot: "چرا", FootLink: mail.Link{Label: "تنظیمات", URL: "https://kolo.example/settings/notifications"}}
	html := l.HTML()
	for _, want := range []string{`<html lang="fa" dir="rtl">`, `text-align:right`, "&lt;script&gt;", "a &amp; b", `href="https://kolo.example/alerts/1?a=1&amp;b=2"`, "دو هشدار", `href="https://kolo.example/settings/notifications"`} {
		if !strings.Contains(html, want) {
			t.Errorf("no %s in %s", want, html)
		}
	}
	if strings.Contains(html, "<script>") || strings.Contains(html, `"javascript:`) {
		t.Error("a text became a part of the letter")
	}
	const want = "دو هشدار\n\nاز دیروز\n\n* <script>alert(1)</script>\na & b\nc\nببینید: https://kolo.example/alerts/1?a=1&b=2\n\n* plain\nbad: javascript:alert(1)\n\nهمه: https://kolo.example/alerts\n\n-- \nچرا\nتنظیمات: https://kolo.example/settings/notifications\n"
	if got := l.Text(); got != want {
		t.Errorf("%q", got)
	}
	if left := (mail.Letter{Direction: "ltr", Title: "x"}).HTML(); !strings.Contains(left, "text-align:left") || strings.Contains(left, "border-top") {
		t.Error(left)
	}
}
