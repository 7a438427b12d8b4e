package outbound_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"kolo/internal/foundation/outbound"
)

func TestPublic(t *testing.T) {
	t.Parallel()
	for _, a := range []string{"8.8.8.8", "93.184.216.34", "172.32.0.1", "192.169.0.1", "100.128.0.1", "2606:4700::1", "2a00:1450:4001::1", "::ffff:8.8.8.8", "64:ff9b::808:808"} {
		if !outbound.Public(netip.MustParseAddr(a)) {
			t.Errorf("%s is public", a)
		}
	}
	for _, a := range []string{"127.0.0.1", "127.8.9.1", "0.0.0.0", "0.1.2.3", "10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.1.1", "169.254.169.254", "100.64.0.1", "192.0.2.1",
		"198.18.0.1", "203.0.113.9", "224.0.0.1", "239.1.1.1", "240.0.0.1", "255.255.255.255", "::", "::1", "fe80::1", "fe80::1%eth0", "fc00::1", "fd12::1", "fec0::1", "ff02::1",
		"2001:db8::1", "2001::1", "2002:7f00:1::", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "::127.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::1"} {
		if outbound.Public(netip.MustParseAddr(a)) {
			t.Errorf("%s is not public", a)
		}
	}
	if outbound.Public(netip.Addr{}) {
		t.Error("no address is public")
	}
}

// The address that a name leads to is what counts, and a server of this machine hears nothing.
func TestGuardsWhereANameLeads(t *testing.T) {
	t.Parallel()
	heard := 0
	s := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { heard++ }))
	t.Cleanup(s.Close)
	port := s.URL[strings.LastIndexByte(s.URL, ':'):]
	c := &http.Client{Transport: outbound.Guard{}.Transport()}
	for _, host := range []string{"127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0", "127.1"} {
		res, err := c.Get("http://" + host + port)
		if err == nil {
			_ = res.Body.Close()
			t.Errorf("%s was reached", host)
			continue
		}
		var blocked *outbound.Blocked
		if !errors.As(err, &blocked) && host != "127.1" && host != "[::1]" { // some systems know no such name or network
			t.Errorf("%s: %v", host, err)
		}
	}
	if heard != 0 {
		t.Errorf("the server heard %d requests", heard)
	}
	loopback := netip.MustParsePrefix("127.0.0.0/8")
	c.Transport = outbound.Guard{Allow: loopback.Contains}.Transport()
	for _, host := range []string{"127.0.0.1", "[::ffff:127.0.0.1]"} {
		res, err := c.Get("http://" + host + port)
		if err != nil {
			t.Errorf("%s, which is allowed: %v", host, err)
			continue
		}
		_ = res.Body.Close()
	}
	if heard != 2 {
		t.Errorf("the server heard %d requests of 2", heard)
	}
}
