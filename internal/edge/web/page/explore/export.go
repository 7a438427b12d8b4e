package explore

import (
	"kolo/internal/edge/web"
)

var formats = []string{"csv", "xlsx", "ndjson", "parquet"}

func (p *Pages) exportFeedback(format string) func(*web.Request) error {
	return func(q *web.Request) error { return nil }
}

func (p *Pages) exportAnswer(format string) func(*web.Request) error {
	return func(q *web.Request) error { return nil }
}
