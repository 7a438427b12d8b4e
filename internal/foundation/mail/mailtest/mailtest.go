// Package mailtest is a real mail server for tests, which does as it is told.
package mailtest

import (
	"io"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// Mail is what the server took.
type Mail struct {
	From string
	To   []string
	Data string // as it came over the wire
}

// Server keeps what it is sent.
type Server struct {
	// Data decides about each mail once all of it has come, which is n-th from 1; nil takes it. Hang lets go of the connection
	// without an answer.
	Data func(n int, m Mail) error
	// Recipient decides about each recipient; nil takes all.
	Recipient func(to string) error
	// User and Password, where set, are asked for.
	User, Password string
	// Slow is how long the server thinks before it answers the end of a mail.
	Slow time.Duration

	address string
	mu      sync.Mutex
	mails   []Mail
	n       int
	signIns int
}

// Hang is the error with which Data says that the connection breaks instead of an answer; the mail counts as taken.
var Hang = &smtp.SMTPError{Code: 1, Message: "hang"}

// Refuse is a refusal with an SMTP code.
func Refuse(code int, text string) error {
	return &smtp.SMTPError{Code: code, EnhancedCode: smtp.NoEnhancedCode, Message: text}
}

// Start serves until the test ends, and gives the address as host:port.
func (s *Server) Start(tb testing.TB) string {
	tb.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	server := smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) { return &session{server: s, conn: c}, nil }))
	server.Domain, server.AllowInsecureAuth, server.EnableSMTPUTF8 = "mail.test", true, true
	server.ErrorLog = silent{}
	go func() { _ = server.Serve(l) }()
	tb.Cleanup(func() { _ = server.Close() })
	s.address = l.Addr().String()
	return s.address
}

// URL is what KOLO_SMTP_URL would say.
func (s *Server) URL() string {
	if s.User != "" {
		return "smtp://" + s.User + ":" + s.Password + "@" + s.address + "?tls=none"
	}
	return "smtp://" + s.address + "?tls=none"
}

// Mails are those that were taken, in their order.
func (s *Server) Mails() []Mail {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Mail(nil), s.mails...)
}

// SignIns counts those that gave the right name and password.
func (s *Server) SignIns() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.signIns
}

type silent struct{}

func (silent) Printf(string, ...any) {}
func (silent) Println(...any)        {}

type session struct {
	server *Server
	conn   *smtp.Conn
	mail   Mail
	in     bool
}

func (s *session) Reset()        { s.mail = Mail{} }
func (s *session) Logout() error { return nil }

func (s *session) AuthMechanisms() []string { return []string{sasl.Plain} }

func (s *session) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if user != s.server.User || password != s.server.Password {
			return smtp.ErrAuthFailed
		}
		s.in = true
		s.server.mu.Lock()
		s.server.signIns++
		s.server.mu.Unlock()
		return nil
	}), nil
}

func (s *session) Mail(from string, _ *smtp.MailOptions) error {
	if s.server.User != "" && !s.in {
		return Refuse(530, "sign in first")
	}
	s.mail.From = from
	return nil
}

func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	if s.server.Recipient != nil {
		if err := s.server.Recipient(to); err != nil {
			return err
		}
	}
	s.mail.To = append(s.mail.To, to)
	return nil
}

func (s *session) Data(r io.Reader) error {
	data, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	s.mail.Data = string(data)
	time.Sleep(s.server.Slow)
	s.server.mu.Lock()
	s.server.n++
	n := s.server.n
	s.server.mu.Unlock()
	if s.server.Data != nil {
		err = s.server.Data(n, s.mail)
	}
	if err == nil || err == error(Hang) {
		s.server.mu.Lock()
		s.server.mails = append(s.server.mails, s.mail)
		s.server.mu.Unlock()
	}
	if err == error(Hang) {
		_ = s.conn.Conn().Close()
	}
	return err
}
