package fault

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

func TestProblemHidesInternalText(t *testing.T) {
	t.Parallel()
	p := ProblemOf(fmt.Errorf("pq: password=hunter2"))
	if p.Status != 500 || strings.Contains(fmt.Sprint(p), "hunter2") {
		t.Fatalf("internal text leaked: %+v", p)
	}
}

func TestWrapKeepsKindAndFields(t *testing.T) {
	t.Parallel()
	err := Wrap("api.Post", Bad("feedback.Receive", Field{Path: "scores[0].max", Code: "required", Msg: "a score needs its scale"}))
	if !Is(err, Invalid) {
		t.Fatalf("kind lost: %v", err)
	}
	p := ProblemOf(fmt.Errorf("outer: %w", err))
	if p.Status != 422 || len(p.Errors) != 1 || p.Errors[0].Path != "scores[0].max" {
		t.Fatalf("problem = %+v", p)
	}
	cause := errors.New("boom")
	if !errors.Is(Wrap("x", cause), cause) {
		t.Fatal("cause lost")
	}
	if Wrap("x", nil) != nil {
		t.Fatal("nil must stay nil")
	}
}
