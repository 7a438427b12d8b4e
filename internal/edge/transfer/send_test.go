package transfer_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"kolo/internal/edge/transfer"
	"kolo/internal/foundation/fault"
	"kolo/internal/foundation/table"
)

// serve answers each request with what write makes, and tells what Send gave back.
func serve(t *testing.T, log io.Writer, deadline time.Duration, write func(context.Context, io.Writer) error) (*httptest.Server, chan error) {
	t.Helper()
	gave := make(chan error, 1)
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			if p := recover(); p != nil {
				gave <- errors.New("aborted")
				panic(p)
			}
		}()
		err := transfer.Send(w, r, slog.New(slog.NewTextHandler(log, nil)), "שם.csv", "", table.CSV, func(out io.Writer) error { return write(r.Context(), out) })
		if err != nil {
			http.Error(w, err.Error(), fault.ProblemOf(err).Status)
		}
		gave <- err
	}))
	s.Config.WriteTimeout = deadline
	s.Start()
	t.Cleanup(s.Close)
	return s, gave
}

func TestAWholeFileArrives(t *testing.T) {
	t.Parallel()
	for _, size := range []int{0, 10, 1 << 20} {
		s, gave := serve(t, io.Discard, 0, func(_ context.Context, w io.Writer) error {
			_, err := w.Write(bytes.Repeat([]byte("x"), size))
			return err
		})
		res, err := http.Get(s.URL)
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(res.Body)
		if err != nil || len(b) != size || res.StatusCode != 200 || <-gave != nil {
			t.Errorf("%d of %d: %v", len(b), size, err)
		}
		h := res.Header
		_, p, err := mime.ParseMediaType(h.Get("Content-Disposition"))
		if err != nil || p["filename"] != "שם.csv" || h.Get("Cache-Control") != "no-store" || h.Get("Content-Type") != "text/csv; charset=utf-8" {
			t.Errorf("%v %v", h, err)
		}
	}
}

func TestAnErrorBeforeTheFirstByteIsTold(t *testing.T) {
	t.Parallel()
	s, gave := serve(t, io.Discard, 0, func(_ context.Context, w io.Writer) error {
		_, _ = io.WriteString(w, "id,text\n1,a\n") // the beginning of the file is held back
		return fault.New(fault.Conflict, "test", "not now")
	})
	res, err := http.Get(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	b, _ := io.ReadAll(res.Body)
	if res.StatusCode != http.StatusConflict || strings.Contains(string(b), "id,text") || res.Header.Get("Content-Disposition") != "" || !fault.Is(<-gave, fault.Conflict) {
		t.Errorf("%d %v %s", res.StatusCode, res.Header, b)
	}
}

func TestHalfAFileIsNoFile(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	s, gave := serve(t, &log, 0, func(_ context.Context, w io.Writer) error {
		_, _ = w.Write(make([]byte, 1<<20))
		return errors.New("the disk is gone")
	})
	res, err := http.Get(s.URL)
	if err == nil {
		_, err = io.ReadAll(res.Body)
	}
	if err == nil {
		t.Error("half a file looked like a whole one")
	}
	if err := <-gave; err == nil || err.Error() != "aborted" {
		t.Error(err)
	}
	s.Close()
	if !strings.Contains(log.String(), "the disk is gone") {
		t.Errorf("nobody heard of it: %s", log.String())
	}
}

// A file takes longer than the server's deadline for an answer; the deadline counts for each part of it.
func TestALongFileOutlivesTheDeadline(t *testing.T) {
	t.Parallel()
	const deadline = 50 * time.Millisecond
	s, gave := serve(t, io.Discard, deadline, func(_ context.Context, w io.Writer) error {
		for range 4 {
			if _, err := w.Write(make([]byte, 256<<10)); err != nil {
				return err
			}
			<-time.After(deadline)
		}
		return nil
	})
	res, err := http.Get(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	if n, err := io.Copy(io.Discard, res.Body); err != nil || n != 1<<20 {
		t.Errorf("%d bytes: %v", n, err)
	}
	if err := <-gave; err != nil {
		t.Error(err)
	}
}

func TestWhoLeavesEndsTheWork(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	s, gave := serve(t, &log, 0, func(ctx context.Context, w io.Writer) error {
		for {
			if _, err := w.Write(make([]byte, 64<<10)); err != nil {
				return err
			}
			if err := ctx.Err(); err != nil {
				return err
			}
		}
	})
	ctx, leave := context.WithCancel(t.Context())
	req, _ := http.NewRequestWithContext(ctx, http.MethodGet, s.URL, nil)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.CopyN(io.Discard, res.Body, 100<<10); err != nil {
		t.Fatal(err)
	}
	leave()
	if err := <-gave; err == nil || err.Error() != "aborted" {
		t.Error(err)
	}
	s.Close()
	if log.Len() > 0 {
		t.Errorf("a reader who leaves is no error: %s", log.String())
	}
}

func TestHeadWritesNothing(t *testing.T) {
	t.Parallel()
	s, gave := serve(t, io.Discard, 0, func(context.Context, io.Writer) error { return errors.New("the file was made") })
	res, err := http.Head(s.URL)
	if err != nil || res.StatusCode != 200 || res.Header.Get("Content-Disposition") == "" || <-gave != nil {
		t.Errorf("%v %v", res, err)
	}
}

func TestAnyNameIsSafe(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"lirona-feedback-2026-11-23.csv":     "lirona-feedback-2026-11-23.csv",
		"שביעות רצון.xlsx":                   "שביעות רצון.xlsx",
		"a\"b\\c; filename=evil.exe\r\n.csv": "a_b_c; filename=evil.exe__.csv",
		"../../etc/passwd.csv":               "_.._etc_passwd.csv",
		"100%.csv":                           "100%.csv",
		"\u202evsc.exe.csv":                  "vsc.exe.csv",
		".csv":                               "file.csv",
		"رضایت\u200cمندی.csv":                "رضایت\u200cمندی.csv",
		"bad\xffbytes.csv":                   "bad_bytes.csv",
		strings.Repeat("ש", 300) + ".csv":    strings.Repeat("ש", 98) + ".csv",
	} {
		head := transfer.Attachment(name, "")
		kind, p, err := mime.ParseMediaType(head)
		if err != nil || kind != "attachment" || p["filename"] != want {
			t.Errorf("%q: %q is %q, %v", name, head, p["filename"], err)
		}
		if strings.ContainsFunc(head, func(c rune) bool { return c < ' ' || c > '~' }) {
			t.Errorf("%q: %q is no header", name, head)
		}
	}
}

// TestAPlainNameStandsFirst: who cannot read the full name of a file gets one in letters, not one of lines.
func TestAPlainNameStandsFirst(t *testing.T) {
	t.Parallel()
	for _, c := range [][3]string{
		{"тест-ltd-feedback-2026-11-23.csv", "feedback-2026-11-23.csv", `attachment; filename="feedback-2026-11-23.csv"; filename*=UTF-8''%D1%82%D0%B5%D1%81%D1%82-ltd-feedback-2026-11-23.csv`},
		{"one-feedback.csv", "one-feedback.csv", `attachment; filename="one-feedback.csv"`},
		{"тест.csv", "", `attachment; filename="____.csv"; filename*=UTF-8''%D1%82%D0%B5%D1%81%D1%82.csv`},
	} {
		if got := transfer.Attachment(c[0], c[1]); got != c[2] {
			t.Errorf("%s, want %s", got, c[2])
		}
	}
}
