// Package llm talks to an endpoint of the OpenAI protocol (chat completions and embeddings): a model that somebody hosts
// beside Kolo or pays for elsewhere. It is optional, so nothing may fail because it is down: callers get a fault.Busy and go
// on without.
//
// What is sent is the caller's to mask; understand/assist is the one caller that sends customers' words.
package llm

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"kolo/internal/foundation/fault"
)

// Options of a client.
type Options struct {
	URL       string        // "https://host/v1"; "" turns everything off
	Key       string        // sent as a bearer token; may be ""
	Model     string        // for texts; "" leaves the choice to the endpoint
	Embedding string        // model for embeddings; "" means that there are none
	PerMinute int           // requests a minute at most; 60 when 0
	Timeout   time.Duration // of one attempt; a minute when 0
	Client    *http.Client  // http.DefaultTransport without redirects when nil
}

// Client asks an endpoint. A nil Client is one that is turned off.
type Client struct {
	o     Options
	http  *http.Client
	slots chan struct{} // requests under way

	mu   sync.Mutex
	next time.Time // when the next request may go out
	rest time.Time // the endpoint was down or asked for rest: until then it is not asked
	fail int       // failures in a row
}

const (
	atOnce   = 2
	attempts = 3
	maxReply = 16 << 20 // bytes
)

// New makes a client; it is nil, which is fine to use, when there is no URL.
func New(o Options) *Client {
	if o.URL == "" {
		return nil
	}
	if o.PerMinute <= 0 {
		o.PerMinute = 60
	}
	if o.Timeout <= 0 {
		o.Timeout = time.Minute
	}
	c := &Client{o: o, http: o.Client, slots: make(chan struct{}, atOnce)}
	if c.http == nil {
		// No redirects: a text goes to the host that was configured or nowhere.
		c.http = &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	}
	return c
}

// On tells whether there is an endpoint.
func (c *Client) On() bool { return c != nil }

// Embeds tells whether there is a model for embeddings.
func (c *Client) Embeds() bool { return c != nil && c.o.Embedding != "" }

// Name is the model that is asked for texts, as it was configured; the endpoint may name it more exactly in its answers.
func (c *Client) Name() string {
	if c == nil {
		return ""
	}
	return c.o.Model
}

// EmbeddingName is the model that is asked for embeddings.
func (c *Client) EmbeddingName() string {
	if c == nil {
		return ""
	}
	return c.o.Embedding
}

// Complete asks for a text of at most maxTokens tokens, and tells which model gave it. fault.Busy: the endpoint is off, down,
// slow or asked for rest, or it answered nothing of use.
func (c *Client) Complete(ctx context.Context, system, user string, maxTokens int) (answer, model string, err error) {
	const op = "llm.Complete"
	type message struct {
		Role    string `json:"role"`
		Content string `json:"content"`
	}
	request := struct {
		Model       string    `json:"model,omitempty"`
		Messages    []message `json:"messages"`
		MaxTokens   int       `json:"max_tokens"`
		Temperature float64   `json:"temperature"`
	}{c.Name(), []message{{"system", system}, {"user", user}}, maxTokens, 0}
	var reply struct {
		Model   string `json:"model"`
		Choices []struct {
			Message struct {
				Content string `json:"content"`
			} `json:"message"`
		} `json:"choices"`
	}
	if err := c.ask(ctx, op, "chat/completions", request, &reply); err != nil {
		return "", "", err
	}
	if len(reply.Choices) == 0 || strings.TrimSpace(reply.Choices[0].Message.Content) == "" {
		return "", "", fault.New(fault.Busy, op, "the language model gave an empty answer")
	}
	if reply.Model == "" {
		reply.Model = c.o.Model
	}
	return strings.TrimSpace(reply.Choices[0].Message.Content), reply.Model, nil
}

// Embed asks for the vectors of texts, in their order, and tells which model gave them. The vectors all have one length.
func (c *Client) Embed(ctx context.Context, texts []string) (vectors [][]float32, model string, err error) {
	const op = "llm.Embed"
	if !c.Embeds() {
		return nil, "", fault.New(fault.Busy, op, "no model for embeddings is configured")
	}
	request := struct {
		Model string   `json:"model"`
		Input []string `json:"input"`
	}{c.o.Embedding, texts}
	var reply struct {
		Model string `json:"model"`
		Data  []struct {
			Index     int       `json:"index"`
			Embedding []float32 `json:"embedding"`
		} `json:"data"`
	}
	if err := c.ask(ctx, op, "embeddings", request, &reply); err != nil {
		return nil, "", err
	}
	vectors = make([][]float32, len(texts))
	for _, d := range reply.Data {
		if d.Index >= 0 && d.Index < len(vectors) {
			vectors[d.Index] = d.Embedding
		}
	}
	for _, v := range vectors {
		if len(v) == 0 || len(v) != len(vectors[0]) {
			return nil, "", fault.New(fault.Busy, op, "the model for embeddings gave %d vectors of %d, or of different lengths", len(reply.Data), len(texts))
		}
	}
	if reply.Model == "" {
		reply.Model = c.o.Embedding
	}
	return vectors, reply.Model, nil
}

// ask sends one request, again when the endpoint says that it may help, and reads the reply.
func (c *Client) ask(ctx context.Context, op, path string, request, reply any) error {
	if c == nil {
		return fault.New(fault.Busy, op, "no language model is configured (KOLO_LLM_URL)")
	}
	body, err := json.Marshal(request)
	if err != nil {
		return fault.Wrap(op, err)
	}
	select {
	case c.slots <- struct{}{}:
		defer func() { <-c.slots }()
	case <-ctx.Done():
		return fault.Wrap(op, ctx.Err())
	}
	var last error
	for try := range attempts {
		if err := c.turn(ctx, op); err != nil {
			return err
		}
		var wait time.Duration
		wait, last = c.once(ctx, path, body, reply)
		if last == nil {
			c.mu.Lock()
			c.fail = 0
			c.mu.Unlock()
			return nil
		}
		if ctx.Err() != nil {
			return fault.Wrap(op, ctx.Err())
		}
		if wait < 0 { // it will not get better
			break
		}
		if try == attempts-1 || wait > 10*time.Second {
			c.pause(wait)
			break
		}
		if wait == 0 {
			wait = rand.N(time.Second << try)
		}
		t := time.NewTimer(wait)
		select {
		case <-t.C:
		case <-ctx.Done():
			t.Stop()
			return fault.Wrap(op, ctx.Err())
		}
	}
	return &fault.Error{Kind: fault.Busy, Op: op, Msg: "the language model does not answer; Kolo goes on without it", Err: last}
}

// turn waits until the next request may go out.
func (c *Client) turn(ctx context.Context, op string) error {
	c.mu.Lock()
	now := time.Now()
	if now.Before(c.rest) {
		c.mu.Unlock()
		return fault.New(fault.Busy, op, "the language model did not answer before; it is asked again after a rest")
	}
	at := c.next
	if at.Before(now) {
		at = now
	}
	c.next = at.Add(time.Minute / time.Duration(c.o.PerMinute))
	c.mu.Unlock()
	t := time.NewTimer(at.Sub(now))
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return fault.Wrap(op, ctx.Err())
	}
}

// pause lets the endpoint rest, longer with each failure in a row, ten minutes at most.
func (c *Client) pause(asked time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.fail++
	own := min(10*time.Second<<min(c.fail-1, 6), 10*time.Minute)
	c.rest = time.Now().Add(max(own, min(asked, 10*time.Minute)))
}

// once sends a request. A failure says how long to wait before another try: 0 for as long as one likes, negative for never.
func (c *Client) once(ctx context.Context, path string, body []byte, reply any) (wait time.Duration, err error) {
	ctx, cancel := context.WithTimeout(ctx, c.o.Timeout)
	defer cancel()
	u, err := url.Parse(c.o.URL)
	if err != nil {
		return -1, errors.New("KOLO_LLM_URL cannot be read") // the parser's text would hold what may be secret
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, u.JoinPath(path).String(), bytes.NewReader(body))
	if err != nil {
		return -1, errors.New("the request cannot be made")
	}
	r.Header.Set("Content-Type", "application/json")
	if c.o.Key != "" {
		r.Header.Set("Authorization", "Bearer "+c.o.Key)
	}
	res, err := c.http.Do(r)
	if err != nil {
		var u *url.Error
		if errors.As(err, &u) { // its text holds the address with its query
			err = u.Err
		}
		return 0, err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(io.LimitReader(res.Body, maxReply+1))
	switch {
	case err != nil:
		return 0, err
	case len(text) > maxReply:
		return -1, errors.New("the answer is too large")
	case res.StatusCode == http.StatusTooManyRequests || res.StatusCode >= 500:
		seconds, _ := strconv.Atoi(res.Header.Get("Retry-After"))
		return time.Duration(max(0, seconds)) * time.Second, fmt.Errorf("status %d", res.StatusCode)
	case res.StatusCode != http.StatusOK:
		return -1, fmt.Errorf("status %d", res.StatusCode)
	}
	if err := json.Unmarshal(text, reply); err != nil {
		return -1, fmt.Errorf("the answer cannot be read: %w", err)
	}
	return 0, nil
}
