package api

import (
	"encoding/json"
	"net/http"

	"kolo/internal/foundation/fault"
)

// WriteProblem answers with an error as an RFC 9457 problem.
func WriteProblem(w http.ResponseWriter, r *http.Request, err error) {
	writeProblem(w, r, fault.ProblemOf(err))
}

func writeProblem(w http.ResponseWriter, r *http.Request, p fault.Problem) {
	h := w.Header()
	h.Set("Content-Type", "application/problem+json")
	h.Set("Cache-Control", "no-store")
	switch p.Status {
	case http.StatusUnauthorized:
		h.Set("WWW-Authenticate", `Bearer realm="kolo"`)
	case http.StatusServiceUnavailable:
		h.Set("Retry-After", "1")
	}
	w.WriteHeader(p.Status)
	if r.Method != http.MethodHead {
		_ = json.NewEncoder(w).Encode(p) // the reader may have left
	}
}

// writeJSON answers with a value.
func writeJSON(w http.ResponseWriter, status int, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return fault.Wrap("api.writeJSON", err)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(append(b, '\n')) // the reader may have left
	return nil
}
