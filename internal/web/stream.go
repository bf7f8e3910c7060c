package web

import (
	"bufio"
	"cmp"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"
)

// How a stream breathes. A phone that has gone shows itself only when a write to it fails, so every stream writes now and then.
const (
	streamBeat  = 15 * time.Second
	streamWrite = 5 * time.Second // a phone that takes nothing for so long is dropped
)

// retry is when a browser comes back after its stream broke: by lot, so that a restart does not bring everybody back in the same second.
const (
	retryFrom = 500 * time.Millisecond
	retryTo   = 2500 * time.Millisecond
)

// streams says whether a request is for an event stream, which must not be compressed: a compressor holds events back.
func streams(c *fiber.Ctx) bool { return strings.HasSuffix(c.Path(), "/events") }

// Stream answers with server-sent events, as they are written to the wire, until the connection breaks, done is closed or the server stops. ended is
// called once.
func (s *Server) Stream(c *fiber.Ctx, frames <-chan []byte, done <-chan struct{}, ended func()) error {
	c.Set(fiber.HeaderContentType, "text/event-stream; charset=utf-8")
	c.Set(fiber.HeaderCacheControl, "no-store")
	c.Set("X-Accel-Buffering", "no")
	conn, stopping := c.Context().Conn(), c.Context().Done() // nothing of c is touched once the handler has returned
	c.Context().SetBodyStreamWriter(func(w *bufio.Writer) {
		defer ended()
		t := time.NewTicker(cmp.Or(s.cfg.Beat, streamBeat))
		defer t.Stop()
		write := func(b []byte) bool {
			_ = conn.SetWriteDeadline(s.cfg.Now().Add(streamWrite))
			_, err := w.Write(b)
			return err == nil && w.Flush() == nil
		}
		if !write(fmt.Appendf(nil, "retry: %d\n\n", (retryFrom + rand.N(retryTo-retryFrom)).Milliseconds())) {
			return
		}
		for {
			select {
			case <-done:
				return
			case <-stopping:
				return
			case f := <-frames:
				if !write(f) {
					return
				}
			case <-t.C:
				if !write([]byte(": here\n\n")) {
					return
				}
			}
		}
	})
	return nil
}
