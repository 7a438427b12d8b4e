package webhook_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"kolo/internal/foundation/outbound"
	"kolo/internal/foundation/webhook"
)

// TestSigns holds Sign against the example of the specification's own libraries.
func TestSigns(t *testing.T) {
	t.Parallel()
	const want = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
	for _, secret := range []string{"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"} {
		if got, err := webhook.Sign(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", time.Unix(1614265330, 0), []byte(`{"test": 2432232314}`)); err != nil || got != want {
			t.Errorf("%s %v", got, err)
		}
	}
	if _, err := webhook.Sign("whsec_not base64 at all", "id", time.Unix(0, 0), nil); err == nil || strings.Contains(err.Error(), "not base64 at") {
		t.Errorf("a secret that is none: %v", err)
	}
	a, b := webhook.NewSecret(), webhook.NewSecret()
	if a == b || !strings.HasPrefix(a, "whsec_") || len(a) != len("whsec_")+44 {
		t.Errorf("secrets are %s and %s", a, b)
	}
}

// local is a client that may reach this machine.
func local(timeout time.Duration) *webhook.Client {
	return webhook.New(webhook.Options{Guard: outbound.Guard{Allow: netip.Addr.IsLoopback}, Plain: true, Timeout: timeout})
}

func TestPosts(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	secrets := []string{webhook.NewSecret(), webhook.NewSecret()}
	body := []byte(`{"type":"alert.opened","text":"שלום"}`)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got, _ := io.ReadAll(r.Body)
		first, _ := webhook.Sign(secrets[0], "id-1", at, got)
		second, _ := webhook.Sign(secrets[1], "id-1", at, got)
		if string(got) != string(body) || r.Method != http.MethodPost || r.Header.Get("webhook-id") != "id-1" || r.Header.Get("webhook-timestamp") != strconv.FormatInt(at.Unix(), 10) ||
			r.Header.Get("webhook-signature") != first+" "+second || r.Header.Get("Content-Type") != "application/json" || r.Header.Get("User-Agent") != "Kolo" || r.URL.RawQuery != "token=x" {
			t.Errorf("%s %v %s", r.URL, r.Header, got)
		}
		w.WriteHeader(http.StatusAccepted)
		_, _ = io.WriteString(w, "took\x00 it\n")
	}))
	t.Cleanup(s.Close)
	res, err := local(0).Post(t.Context(), webhook.Request{URL: s.URL + "/hook?token=x", ID: "id-1", At: at, Secrets: secrets, Body: body, Agent: "Kolo"})
	if err != nil || !res.OK() || res.Status != http.StatusAccepted || res.Text != "took  it" {
		t.Errorf("%+v %v", res, err)
	}
}

func TestAnswers(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	var redirected atomic.Bool
	mux := http.NewServeMux()
	mux.HandleFunc("/moved", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/there", http.StatusTemporaryRedirect)
	})
	mux.HandleFunc("/there", func(http.ResponseWriter, *http.Request) { redirected.Store(true) })
	mux.HandleFunc("/seconds", func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Retry-After", "90"); w.WriteHeader(429) })
	mux.HandleFunc("/date", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", at.Add(time.Hour).Format(http.TimeFormat))
		w.WriteHeader(503)
	})
	mux.HandleFunc("/forever", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "99999999")
		w.WriteHeader(503)
	})
	mux.HandleFunc("/long", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, strings.Repeat("long ", 1<<20)) })
	mux.HandleFunc("/cut", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "100")
		_, _ = io.WriteString(w, "short")
	})
	mux.HandleFunc("/silent", func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // only then does the server notice that the client is gone
		select {
		case <-r.Context().Done():
		case <-time.After(10 * time.Second):
		}
	})
	mux.HandleFunc("/gone", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	post := func(c *webhook.Client, path string) (webhook.Response, error) {
		return c.Post(t.Context(), webhook.Request{URL: s.URL + path, ID: "i", At: at, Secrets: []string{webhook.NewSecret()}, Body: []byte("{}")})
	}
	for path, want := range map[string]struct {
		status int
		ok     bool
		after  time.Duration
	}{
		"/moved": {307, false, 0}, "/seconds": {429, false, 90 * time.Second}, "/date": {503, false, time.Hour}, "/forever": {503, false, 24 * time.Hour},
		"/long": {200, true, 0}, "/cut": {200, true, 0}, "/nothing": {404, false, 0},
	} {
		res, err := post(local(0), path)
		if err != nil || res.Status != want.status || res.OK() != want.ok || res.RetryAfter != want.after || len(res.Text) > 1<<10 {
			t.Errorf("%s: %d %v %v %v", path, res.Status, res.RetryAfter, err, len(res.Text))
		}
	}
	if redirected.Load() {
		t.Error("a redirect was followed")
	}
	for _, path := range []string{"/silent", "/gone"} {
		if res, err := post(local(200*time.Millisecond), path); err == nil || strings.Contains(err.Error(), s.URL) {
			t.Errorf("%s: %+v %v", path, res, err)
		}
	}
	// A client that allows nothing reaches nothing here.
	var blocked *outbound.Blocked
	if _, err := post(webhook.New(webhook.Options{Plain: true}), "/long"); !errors.As(err, &blocked) {
		t.Errorf("this machine was reached: %v", err)
	}
}

func TestCheckURL(t *testing.T) {
	t.Parallel()
	c := webhook.New(webhook.Options{})
	for s, want := range map[string]string{
		"https://hooks.example.org/kolo?x=1": "", "https://example.org:8443": "", "https://דוגמה.example": "", "https://[2606:4700::1]/": "",
		"http://example.org": "scheme", "ftp://example.org": "scheme", "javascript:alert(1)": "url", "https://": "url", "example.org/x": "url", "": "url", "https://a\x7f.org": "url",
		"https://example.org/#x": "url", "https://u:p@example.org": "user", "https://example.org/" + strings.Repeat("x", 2000): "long",
		"https://127.0.0.1/": "private", "https://localhost/": "private", "https://LOCALHOST.:8080/": "private", "https://a.localhost/": "private", "https://10.0.0.5": "private",
		"https://169.254.169.254/latest": "private", "https://[::1]/": "private", "https://[::ffff:10.0.0.1]/": "private", "https://[fe80::1%25eth0]/": "private",
	} {
		if got := c.CheckURL(s); got != want {
			t.Errorf("%s: %q instead of %q", s, got, want)
		}
	}
	if got := local(0).CheckURL("http://127.0.0.1:9000/hook"); got != "" {
		t.Errorf("what is allowed: %q", got)
	}
}
