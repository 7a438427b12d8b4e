// Package mail sends e-mail through an SMTP server, and writes letters as plain text and as simple HTML.
package mail

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/mail"
	"net/textproto"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode"

	gomail "github.com/wneessen/go-mail"
)

// Options of a client.
type Options struct {
	// URL of the server: smtp://user:password@host:587, or smtps:// for TLS from the first byte. Its parameter tls says what
	// smtp does: starttls (the default) refuses a server without it, opportunistic takes what there is, none uses none. ""
	// turns everything off.
	URL     string
	From    string        // "Kolo <kolo@example.org>"; when empty, user (or kolo) at the server's name
	Timeout time.Duration // of each step of the conversation; 30 s when 0
}

// Client sends. A nil Client is one that is turned off. Safe for concurrent use.
type Client struct {
	host, port, user, password string
	implicit                   bool
	policy                     gomail.TLSPolicy
	from                       mail.Address
	timeout                    time.Duration
}

// New makes a client; it is nil, which is fine to use, when there is no URL. The error never holds the password.
func New(o Options) (*Client, error) {
	if o.URL == "" {
		return nil, nil
	}
	u, err := url.Parse(o.URL)
	if err != nil || u.Hostname() == "" {
		return nil, errors.New("that is not the URL of a mail server") // the parser's text would hold the password
	}
	c := &Client{host: u.Hostname(), port: u.Port(), user: u.User.Username(), timeout: o.Timeout}
	c.password, _ = u.User.Password()
	if c.timeout == 0 {
		c.timeout = 30 * time.Second
	}
	usual := "587"
	switch u.Scheme {
	case "smtp":
	case "smtps":
		c.implicit, usual = true, "465"
	default:
		return nil, errors.New("the URL of a mail server begins with smtp:// or smtps://")
	}
	switch how := u.Query().Get("tls"); how {
	case "", "starttls":
		c.policy = gomail.TLSMandatory
	case "opportunistic":
		c.policy = gomail.TLSOpportunistic
	case "none":
		c.policy = gomail.NoTLS
	default:
		return nil, fmt.Errorf("tls=%s is not one of starttls, opportunistic and none", how)
	}
	if c.port == "" {
		c.port = usual
	}
	if o.From == "" {
		o.From = c.user
		if !strings.Contains(o.From, "@") {
			o.From = "kolo@" + c.host
		}
	}
	from, err := mail.ParseAddress(o.From)
	if err != nil {
		return nil, errors.New("the sender is not an e-mail address; one has the form Kolo <kolo@example.org>")
	}
	c.from = *from
	if c.from.Name == "" {
		c.from.Name = "Kolo"
	}
	return c, nil
}

// On tells whether there is a server.
func (c *Client) On() bool { return c != nil }

// From is the address that mail comes from; "" when turned off.
func (c *Client) From() string {
	if c == nil {
		return ""
	}
	return c.from.Address
}

// Server is host and port; "" when turned off.
func (c *Client) Server() string {
	if c == nil {
		return ""
	}
	return net.JoinHostPort(c.host, c.port)
}

// Message is one mail to one person.
type Message struct {
	ID       string // the same at each attempt: the Message-ID is made of it
	To, Name string
	Subject  string
	Language string // BCP 47
	Text     string
	HTML     string // may be empty
	Date     time.Time
	List     string // what sort of mail this is, one word: "alerts"
	Settings string // where the reader chooses what to get; may be empty
}

// Refused is a server's refusal.
type Refused struct {
	Code int // SMTP
	Text string
}

func (r *Refused) Error() string { return strconv.Itoa(r.Code) + " " + r.Text }

// Permanent tells whether trying again is of no use. What the operator has to mend (the name or password) may be mended.
func (r *Refused) Permanent() bool {
	switch r.Code {
	case 530, 534, 535, 538:
		return false
	}
	return r.Code >= 500
}

// Send hands a mail to the server. The error is a *Refused, or says what became of the connection. A mail whose fate is
// unknown, because the connection broke after its last byte, counts as not sent.
func (c *Client) Send(ctx context.Context, m Message) error {
	if c == nil {
		return errors.New("no mail server is configured")
	}
	msg, err := c.compose(m)
	if err != nil {
		return err
	}
	client, err := c.client(ctx)
	if err != nil {
		return err
	}
	err = client.DialAndSendWithContext(ctx, msg)
	if msg.IsDelivered() { // what follows is politeness
		return nil
	}
	return plain(ctx, err)
}

func (c *Client) client(ctx context.Context) (*gomail.Client, error) {
	port, err := strconv.Atoi(c.port)
	if err != nil {
		return nil, fmt.Errorf("the port %q of the mail server is no number", c.port)
	}
	_, domain, _ := strings.Cut(c.from.Address, "@")
	options := []gomail.Option{gomail.WithPort(port), gomail.WithTimeout(c.timeout), gomail.WithHELO(domain), gomail.WithoutNoop(), gomail.WithTLSPolicy(c.policy)}
	if c.implicit {
		options = append(options, gomail.WithSSL())
	} else {
		options = append(options, gomail.WithDialContextFunc(dialUntil(ctx)))
	}
	if c.user != "" {
		how := gomail.SMTPAuthAutoDiscover
		if !c.implicit && c.policy == gomail.NoTLS {
			how = gomail.SMTPAuthPlainNoEnc // asked for by tls=none
		}
		options = append(options, gomail.WithSMTPAuth(how), gomail.WithUsername(c.user), gomail.WithPassword(c.password))
	}
	return gomail.NewClient(c.host, options...)
}

// until closes its connection when its context ends, which go-mail looks at only while it dials.
type until struct {
	net.Conn
	stop func() bool
}

func (u until) Close() error {
	u.stop()
	return u.Conn.Close()
}

// dialUntil gives connections that last until ctx ends; the context of a dialling ends with the dialling.
func dialUntil(ctx context.Context) gomail.DialContextFunc {
	return func(dialling context.Context, network, address string) (net.Conn, error) {
		conn, err := new(net.Dialer).DialContext(dialling, network, address)
		if err != nil {
			return nil, err
		}
		return until{conn, context.AfterFunc(ctx, func() { _ = conn.Close() })}, nil
	}
}

func (c *Client) compose(m Message) (*gomail.Msg, error) {
	to, err := mail.ParseAddress(m.To)
	if err != nil || to.Address != m.To || strings.ContainsFunc(m.To, unicode.IsControl) {
		return nil, &Refused{553, "that is not an e-mail address"}
	}
	_, domain, _ := strings.Cut(c.from.Address, "@")
	msg := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	msg.FromMailAddress(&c.from)
	msg.ToMailAddress(&mail.Address{Name: line(m.Name), Address: to.Address})
	msg.Subject(line(m.Subject))
	msg.SetDateWithValue(m.Date)
	msg.SetMessageIDWithValue(line(m.ID) + "@" + domain)
	msg.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834: nobody is away from this
	msg.SetGenHeader(gomail.HeaderXAutoResponseSuppress, "All")
	if m.List != "" {
		msg.SetGenHeader("List-Id", "<"+line(m.List)+".kolo."+domain+">")
	}
	if m.Settings != "" {
		msg.SetGenHeader(gomail.HeaderListUnsubscribe, "<"+line(m.Settings)+">")
	}
	if m.Language != "" {
		msg.SetGenHeader(gomail.HeaderContentLang, line(m.Language))
	}
	msg.SetBodyString(gomail.TypeTextPlain, m.Text)
	if m.HTML != "" {
		msg.AddAlternativeString(gomail.TypeTextHTML, m.HTML)
	}
	return msg, nil
}

// line is a text on one line, so that no header can begin in it.
func line(s string) string {
	return strings.Join(strings.Fields(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == '\u2028' || r == '\u2029' {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, ""))), " ")
}

// plain finds in an error of go-mail what the server said.
func plain(ctx context.Context, err error) error {
	var refused *textproto.Error
	if errors.As(err, &refused) && refused.Code >= 400 {
		return &Refused{refused.Code, line(refused.Msg)}
	}
	var sending *gomail.SendError
	if errors.As(err, &sending) && sending.ErrorCode() >= 400 {
		return &Refused{sending.ErrorCode(), said(sending)}
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}

// said is the server's own text in an error of go-mail, which gives it only within one of its own.
func said(e *gomail.SendError) string {
	text := line(e.Error())
	if _, after, ok := strings.Cut(text, strconv.Itoa(e.ErrorCode())+" "); ok {
		text = after
	}
	text, _, _ = strings.Cut(text, ", affected ")
	return strings.Trim(text, `"`)
}
