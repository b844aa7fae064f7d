package weblink

import (
	"context"
	"encoding/binary"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"sync/atomic"
	"testing"
)

// names is a resolver on this machine whose answers the test chooses.
func names(t *testing.T, answer func(query int64) []netip.Addr) *net.Resolver {
	t.Helper()
	conn, err := (&net.ListenConfig{}).ListenPacket(t.Context(), "udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	var queries atomic.Int64
	go func() {
		for buf := make([]byte, 512); ; {
			n, from, err := conn.ReadFrom(buf)
			if err != nil {
				return
			}
			conn.WriteTo(reply(buf[:n], func() []netip.Addr { return answer(queries.Add(1)) }), from)
		}
	}()
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "udp", conn.LocalAddr().String())
	}}
}

// reply answers the one question of a query: with addresses if it asks for IPv4
// (RFC 1035, section 4), else with none.
func reply(query []byte, addresses func() []netip.Addr) []byte {
	const header = 12
	end := header
	for query[end] != 0 {
		end += int(query[end]) + 1
	}
	end += 5 // the root, the type and the class
	out := append([]byte(nil), query[:end]...)
	binary.BigEndian.PutUint16(out[2:], 0x8180)
	for i := 6; i < header; i += 2 {
		binary.BigEndian.PutUint16(out[i:], 0)
	}
	if binary.BigEndian.Uint16(query[end-4:]) != 1 {
		return out
	}
	all := addresses()
	binary.BigEndian.PutUint16(out[6:], uint16(len(all)))
	for _, address := range all {
		out = append(out, 0xc0, header, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4)
		out = append(out, address.AsSlice()...)
	}
	return out
}

// A name with many addresses would have us call them all.
func TestOnlySomeAddressesOfANameAreTried(t *testing.T) {
	s := serve(t, func(http.ResponseWriter, *http.Request) {})
	at := netip.MustParseAddrPort(s.Listener.Addr().String())
	for closed, reached := range map[int]bool{0: true, 7: true, 8: false, 20: false} {
		var all []netip.Addr
		for next := at.Addr(); len(all) < closed; {
			next = next.Next()
			all = append(all, next)
		}
		c := New(Options{Allow: loopback(), Resolver: names(t, func(int64) []netip.Addr { return append(all, at.Addr()) })})
		f, err := c.Fetch(t.Context(), "http://files.customer.test:"+fmt.Sprint(at.Port())+"/")
		if (err == nil) != reached {
			t.Errorf("behind %d closed addresses: %v", closed, err)
		}
		if err == nil {
			f.Body.Close()
		}
	}
}

// The name leads to an address that is allowed, and with the redirect to one
// that is not: what counts is what is dialled.
func TestANameThatChangesItsAddressIsRefused(t *testing.T) {
	allowed, inside := netip.MustParseAddr("127.0.0.1"), netip.MustParseAddr("127.0.0.2")
	var asked atomic.Int64
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		w.Header().Set("Connection", "close")
		http.Redirect(w, r, "/again", http.StatusFound)
	})
	_, port, _ := net.SplitHostPort(s.Listener.Addr().String())
	c := New(Options{
		Allow: []netip.Prefix{netip.PrefixFrom(allowed, 32)},
		Resolver: names(t, func(query int64) []netip.Addr {
			if query == 1 {
				return []netip.Addr{allowed}
			}
			return []netip.Addr{inside}
		}),
	})
	_, err := c.Fetch(t.Context(), "http://files.customer.test:"+port+"/")
	wantRefused(t, err, "the link redirects to an address that is private or reserved; media.allow_networks can allow it")
	if n := asked.Load(); n != 1 {
		t.Errorf("the server was asked %d times, want once", n)
	}
}
