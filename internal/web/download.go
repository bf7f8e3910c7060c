package web

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"time"

	"github.com/gofiber/fiber/v2"
)

// How long a download may take as a whole, and how long a reader may leave one piece of it untaken.
const (
	downloadLife  = 30 * time.Minute
	downloadPiece = 20 * time.Second
)

// Download streams a file: write is called while the browser reads, in pieces of its own, and is told by ctx when to stop. What goes wrong once the
// stream has begun cuts it off, so that no half of a file looks whole; it is logged here.
func (s *Server) Download(c *fiber.Ctx, name, kind string, write func(ctx context.Context, w io.Writer) error) error {
	c.Attachment(name)
	c.Set(fiber.HeaderContentType, kind)
	c.Set(fiber.HeaderCacheControl, "no-store")
	conn, stopping := c.Context().Conn(), c.Context().Done()
	route, id := c.Route().Path, requestOf(c).id
	c.Context().SetBodyStreamWriter(func(w *bufio.Writer) {
		ctx, cancel := context.WithTimeout(context.Background(), downloadLife)
		defer cancel()
		finished := make(chan struct{})
		defer close(finished)
		go func() {
			select {
			case <-stopping:
				cancel()
			case <-finished:
			}
		}()
		err := write(ctx, piecewise{conn, w, s.cfg.Now})
		if err == nil {
			err = w.Flush()
		}
		if err != nil {
			if !errors.Is(err, context.Canceled) && !errors.Is(err, net.ErrClosed) {
				s.cfg.Log.Warn("download broke off", "route", route, "error", err.Error(), "request_id", id)
			}
			if conn != nil {
				_ = conn.Close() // else the end of the stream would look like the end of the file
			}
		}
	})
	return nil
}

// piecewise puts the connection's deadline off before each write: a download may last longer than a page, a reader who is gone may not.
type piecewise struct {
	conn net.Conn
	w    io.Writer
	now  func() time.Time
}

func (p piecewise) Write(b []byte) (int, error) {
	if p.conn != nil {
		if err := p.conn.SetWriteDeadline(p.now().Add(downloadPiece)); err != nil {
			return 0, err
		}
	}
	return p.w.Write(b)
}
