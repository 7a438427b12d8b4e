package app

import (
	"crypto/subtle"
	"net"
	"net/http"
	"net/netip"
	"runtime/debug"
	"strings"
	"time"

	"kolo/internal/edge/api"
	"kolo/internal/foundation/fault"
	"kolo/internal/foundation/id"
	"kolo/internal/foundation/telemetry"
)

// observe wraps everything: the request's id, where it really came from, its time, and the fault that nobody caught.
func (a *App) observe(next *http.ServeMux) http.Handler {
	// A browser that was led here by another site must not act with the session it holds; programs send no such headers.
	protection := http.NewCrossOriginProtection()
	guarded := protection.Handler(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := time.Now()
		request := r.Header.Get("X-Request-Id")
		if len(request) == 0 || len(request) > 64 || strings.ContainsFunc(request, func(c rune) bool { return c <= ' ' || c > '~' }) {
			request = id.New(start)
		}
		r.Header.Set("X-Request-Id", request)
		w.Header().Set("X-Request-Id", request)
		a.origin(r)
		r = r.WithContext(telemetry.Request(r.Context(), request))
		rec := &recorder{ResponseWriter: w}
		defer func() {
			if p := recover(); p != nil && p != http.ErrAbortHandler {
				a.Log.ErrorContext(r.Context(), "a request panicked", "panic", p, "stack", string(debug.Stack()))
				if rec.status == 0 {
					api.WriteProblem(rec, r, fault.New(fault.Internal, "app", ""))
				}
			}
			a.Metrics.HTTP(r.Pattern, r.Method, rec.status, time.Since(start))
		}()
		guarded.ServeHTTP(rec, r)
	})
}

// origin replaces the address by what a trusted proxy says it was.
func (a *App) origin(r *http.Request) {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return
	}
	peer, err := netip.ParseAddr(host)
	if err != nil || !a.Config.Proxies.Contains(peer.Unmap()) {
		r.Header.Del("X-Forwarded-Proto")
		return
	}
	// The last hop that is no proxy of ours is the one that a client cannot make up.
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(hops) - 1; i >= 0; i-- {
		hop, err := netip.ParseAddr(strings.TrimSpace(hops[i]))
		if err != nil {
			return
		}
		r.RemoteAddr = net.JoinHostPort(hop.String(), "0")
		if !a.Config.Proxies.Contains(hop.Unmap()) {
			return
		}
	}
}

// recorder remembers the status that was sent.
type recorder struct {
	http.ResponseWriter
	status int
}

func (r *recorder) WriteHeader(status int) {
	if r.status == 0 {
		r.status = status
	}
	r.ResponseWriter.WriteHeader(status)
}

func (r *recorder) Write(b []byte) (int, error) {
	if r.status == 0 {
		r.status = http.StatusOK
	}
	return r.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController reach the real writer.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

// metrics serves /metrics to whom KOLO_METRICS allows.
func (a *App) metrics() http.Handler {
	next := a.Metrics.Handler()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		allowed := a.Config.Metrics == "all"
		switch a.Config.Metrics {
		case "local":
			host, _, _ := net.SplitHostPort(r.RemoteAddr)
			ip, err := netip.ParseAddr(host)
			allowed = err == nil && ip.Unmap().IsLoopback()
		case "token":
			token, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
			allowed = subtle.ConstantTimeCompare([]byte(token), []byte(a.Config.MetricsToken)) == 1
		}
		if !allowed {
			api.WriteProblem(w, r, fault.New(fault.Denied, "app.metrics", "KOLO_METRICS does not let you read this"))
			return
		}
		next.ServeHTTP(w, r)
	})
}
