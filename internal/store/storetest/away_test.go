package storetest

import (
	"context"
	"errors"
	"io"
	"net"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/upstander/upstander/internal/fault"
)

// door passes connections on to a server and can be shut.
type door struct {
	target string
	mu     sync.Mutex
	ln     net.Listener
	conns  []net.Conn
}

func (d *door) open(t *testing.T, address string) {
	t.Helper()
	ln, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	d.mu.Lock()
	d.ln = ln
	d.mu.Unlock()
	go func() {
		for {
			in, err := ln.Accept()
			if err != nil {
				return
			}
			out, err := net.Dial("tcp", d.target)
			if err != nil {
				in.Close()
				continue
			}
			d.mu.Lock()
			d.conns = append(d.conns, in, out)
			d.mu.Unlock()
			go func() { _, _ = io.Copy(out, in); out.Close() }()
			go func() { _, _ = io.Copy(in, out); in.Close() }()
		}
	}()
}

func (d *door) shut() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.ln.Close()
	for _, c := range d.conns {
		c.Close()
	}
	d.conns = nil
}

// TestServerGoneDuringUse cuts the connection to a database server: calls fail as unavailable within their time, and work again when it is back.
func TestServerGoneDuringUse(t *testing.T) {
	for _, p := range Places(t) {
		t.Run(p.Name, func(t *testing.T) {
			if p.Name == "sqlite" {
				return // there is no server
			}
			u, err := url.Parse(p.Address)
			if err != nil {
				t.Fatal(err)
			}
			d := &door{target: u.Host}
			d.open(t, "127.0.0.1:0")
			address := d.ln.Addr().String()
			u.Host = address
			e, err := Place{Name: p.Name, Address: u.String()}.Open(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			defer e.Close()
			c := collection(t, e)
			insert(t, c, some(3))
			d.shut()
			began := time.Now()
			_, getErr := c.Get(t.Context(), ID(0))
			for what, err := range map[string]error{"get": getErr, "insert": c.Insert(t.Context(), thing{ID: "x", N: 99, Due: Now()}), "ping": e.Ping(t.Context())} {
				if !errors.Is(err, fault.Unavailable) {
					t.Errorf("%s: %v", what, err)
				}
			}
			if took := time.Since(began); took > 45*time.Second {
				t.Errorf("three calls took %v", took)
			}
			short, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
			defer cancel()
			began = time.Now()
			if _, err := c.Get(short, ID(0)); !errors.Is(err, fault.Unavailable) || time.Since(began) > 2*time.Second {
				t.Errorf("with a deadline of half a second: %v after %v", err, time.Since(began))
			}
			d.open(t, address)
			defer d.shut()
			if _, err := c.Get(t.Context(), ID(0)); err != nil {
				t.Errorf("when it is back: %v", err)
			}
		})
	}
}
