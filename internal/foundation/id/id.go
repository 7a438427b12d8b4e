// Package id makes UUIDv7 identifiers (RFC 9562): 36 characters, ordered by the time they were made.
package id

import (
	"crypto/rand"
	"encoding/hex"
	"sync"
	"time"
)

// New returns a UUIDv7 for the instant. Ids made by one process in one millisecond still sort in the order of their
// making: the 12 bits after the version count up, and borrow from the next millisecond when they run out.
func New(now time.Time) string {
	ms, seq := tick(now.UnixMilli())
	var b [16]byte
	if _, err := rand.Read(b[8:]); err != nil {
		panic("id: no randomness: " + err.Error()) // crypto/rand does not fail on the systems we run on
	}
	b[0], b[1], b[2], b[3], b[4], b[5] = byte(ms>>40), byte(ms>>32), byte(ms>>24), byte(ms>>16), byte(ms>>8), byte(ms)
	b[6], b[7] = 0x70|byte(seq>>8), byte(seq)
	b[8] = b[8]&0x3f | 0x80
	var s [36]byte
	hex.Encode(s[0:8], b[0:4])
	hex.Encode(s[9:13], b[4:6])
	hex.Encode(s[14:18], b[6:8])
	hex.Encode(s[19:23], b[8:10])
	hex.Encode(s[24:36], b[10:16])
	s[8], s[13], s[18], s[23] = '-', '-', '-', '-'
	return string(s[:])
}

var last struct {
	sync.Mutex
	ms  int64
	seq uint16
}

func tick(ms int64) (int64, uint16) {
	last.Lock()
	defer last.Unlock()
	switch {
	case ms > last.ms:
		last.ms, last.seq = ms, 0
	case ms < last.ms-1000: // another clock (a test's, or history being written): no order to keep with it
		return ms, 0
	case last.seq == 0xfff:
		last.ms, last.seq = last.ms+1, 0
	default:
		last.seq++
	}
	return last.ms, last.seq
}

// Time is the instant at which an id was made, to the millisecond; ok is false, and the instant that of 1970, where s is no UUIDv7.
func Time(s string) (at time.Time, ok bool) {
	var b [6]byte
	if !Valid(s) || s[14] != '7' {
		return time.UnixMilli(0), false
	}
	if _, err := hex.Decode(b[:], []byte(s[0:8]+s[9:13])); err != nil {
		return time.UnixMilli(0), false
	}
	ms := int64(0)
	for _, x := range b {
		ms = ms<<8 | int64(x)
	}
	return time.UnixMilli(ms), true
}

// From is before every id that was made at an instant or later, and after every one that was made before it.
func From(at time.Time) string {
	ms := uint64(max(0, at.UnixMilli()))
	var b [6]byte
	b[0], b[1], b[2], b[3], b[4], b[5] = byte(ms>>40), byte(ms>>32), byte(ms>>24), byte(ms>>16), byte(ms>>8), byte(ms)
	s := hex.EncodeToString(b[:])
	return s[:8] + "-" + s[8:]
}

// Valid tells whether s has the form of a UUID in lower case.
func Valid(s string) bool {
	if len(s) != 36 {
		return false
	}
	for i := range len(s) {
		c := s[i]
		switch i {
		case 8, 13, 18, 23:
			if c != '-' {
				return false
			}
		default:
			if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
				return false
			}
		}
	}
	return true
}
