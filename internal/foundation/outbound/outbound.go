// Package outbound reaches addresses that people type in, such as those of webhooks, without letting them reach into the
// network that Kolo itself stands in: no connection is opened to an address that is not public unless the operator allows
// it. What is checked is the address that a name has led to, at the moment of dialling, so that a name which leads
// elsewhere the second time it is asked gains nothing.
package outbound

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"syscall"
	"time"
)

// Blocked is the error of a connection that was not opened because its address is not public.
type Blocked struct{ Address netip.Addr }

func (b *Blocked) Error() string {
	return fmt.Sprintf("%s is not a public address, and KOLO_ALLOW_PRIVATE does not allow it", b.Address)
}

// special are the networks that look like public ones and are not (IANA's registries of special-purpose addresses).
var special = prefixes("0.0.0.0/8", "100.64.0.0/10", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "240.0.0.0/4",
	"2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")

var (
	nat64  = netip.MustParsePrefix("64:ff9b::/96") // an IPv4 address as a network of IPv6 alone sees it
	global = netip.MustParsePrefix("2000::/3")     // all that is given out of IPv6
)

func prefixes(list ...string) (out []netip.Prefix) {
	for _, s := range list {
		out = append(out, netip.MustParsePrefix(s))
	}
	return out
}

// Public tells whether an address belongs to the internet at large: not to this machine, its network, a private network, a
// group of machines or a network for documentation. An IPv4 address inside an IPv6 one counts as what it is.
func Public(a netip.Addr) bool {
	a = a.WithZone("").Unmap()
	if nat64.Contains(a) {
		b := a.As16()
		a = netip.AddrFrom4([4]byte(b[12:]))
	}
	if !a.IsGlobalUnicast() || a.IsPrivate() || a.Is6() && !global.Contains(a) {
		return false
	}
	for _, p := range special {
		if p.Contains(a) {
			return false
		}
	}
	return true
}

// Guard decides which addresses may be reached: the public ones, and those that Allow tells of. The zero Guard allows public
// ones alone.
type Guard struct {
	Allow func(netip.Addr) bool // may be nil
}

// Check is a *Blocked where the address may not be reached.
func (g Guard) Check(a netip.Addr) error {
	if Public(a) || g.Allow != nil && g.Allow(a.WithZone("").Unmap()) {
		return nil
	}
	return &Blocked{a}
}

// Transport is an HTTP transport whose connections are guarded. It uses no proxy: a proxy would do the dialling.
func (g Guard) Transport() *http.Transport {
	d := &net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}
	d.ControlContext = func(_ context.Context, network, address string, _ syscall.RawConn) error {
		to, err := netip.ParseAddrPort(address)
		if err != nil {
			return fmt.Errorf("%s %s is no address: %w", network, address, err)
		}
		return g.Check(to.Addr())
	}
	return &http.Transport{
		DialContext: d.DialContext, TLSHandshakeTimeout: 10 * time.Second, ForceAttemptHTTP2: true, IdleConnTimeout: time.Minute,
		MaxIdleConns: 32, MaxIdleConnsPerHost: 2, MaxResponseHeaderBytes: 64 << 10,
	}
}
