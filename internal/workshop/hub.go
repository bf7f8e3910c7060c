package workshop

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
)

// Streams carry what projector, phones and cockpits show. A frame is made once for everybody who looks at the same room in the same role and language,
// and holds all there is to show: whoever misses one loses nothing with the next.
//
// A signal says that a room has changed; as signals get lost, the hub also looks by itself.
const (
	lookEvery  = 2 * time.Second
	pulseEvery = time.Second // for cockpits, whose counts change without the room
	topic      = "rooms"
)

// Role is who looks at a room.
type Role string

// The roles.
const (
	Phone   Role = "phone"
	Screen  Role = "screen"
	Cockpit Role = "cockpit"
)

// view is what a stream shows.
type view struct {
	role Role
	lang string
}

// Frame is one event of a stream as it is written to the wire. Frames with the same Mark show the same.
type Frame struct {
	Mark string
	Wire []byte
}

// newFrame writes events: names and their HTML in turn.
func newFrame(mark string, events ...string) Frame {
	var b bytes.Buffer
	for i := 0; i+1 < len(events); i += 2 {
		fmt.Fprintf(&b, "id: %s\nevent: %s\n", mark, events[i])
		for line := range strings.Lines(events[i+1]) {
			b.WriteString("data: ")
			b.WriteString(strings.TrimRight(line, "\r\n"))
			b.WriteByte('\n')
		}
		b.WriteByte('\n')
	}
	return Frame{Mark: mark, Wire: b.Bytes()}
}

// Stream is one connection. Its channel holds the newest frame only.
type Stream struct {
	Frames chan []byte
	Done   <-chan struct{} // the hub ends all streams
	room   string
	view   view
	last   string // mark of the frame offered last; the room's watcher alone touches it
}

// offer puts a frame in the place of one that was not taken yet.
func (st *Stream) offer(f Frame) {
	if f.Wire == nil || st.last == f.Mark {
		return
	}
	st.last = f.Mark
	for {
		select {
		case st.Frames <- f.Wire:
			return
		default:
		}
		select {
		case <-st.Frames:
		default:
		}
	}
}

// renderer makes the frame of a room as one sees it now. mark is that of the frame before: nothing is rendered while nothing has changed.
type renderer func(ctx context.Context, r Room, v view, mark string) (Frame, error)

// hub holds this server's streams.
type hub struct {
	service *Service
	send    chan string // rooms to be named to other servers

	mu     sync.Mutex
	rooms  map[string]*watcher
	closed bool
	done   chan struct{}
}

func newHub(s *Service) *hub {
	return &hub{service: s, send: make(chan string, 256), rooms: map[string]*watcher{}, done: make(chan struct{})}
}

// watcher follows one room as long as somebody looks.
type watcher struct {
	hub     *hub
	room    string
	render  renderer
	wake    chan struct{} // holds one
	stop    context.CancelFunc
	mu      sync.Mutex
	streams map[*Stream]bool
	frames  map[view]Frame // touched by the watcher's goroutine only
}

// tell wakes those who look at a room, here and on other servers.
func (h *hub) tell(room string) {
	h.wake(room)
	select {
	case h.send <- room:
	default: // the others look by themselves soon
	}
}

func (h *hub) wake(room string) {
	h.mu.Lock()
	w := h.rooms[room]
	h.mu.Unlock()
	if w != nil {
		w.nudge()
	}
}

func (w *watcher) nudge() {
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// run carries signals between servers until ctx ends, and then ends every stream.
func (h *hub) run(ctx context.Context) {
	defer h.close()
	var listening sync.WaitGroup
	defer listening.Wait()
	listening.Go(func() { h.listen(ctx) })
	for {
		select {
		case <-ctx.Done():
			return
		case room := <-h.send:
			_ = h.service.cfg.Signals.Send(ctx, topic, room) // may get lost
		}
	}
}

// listen follows the other servers' signals; while Redis is away it tries again and again.
func (h *hub) listen(ctx context.Context) {
	for ctx.Err() == nil {
		words, err := h.service.cfg.Signals.Listen(ctx, topic)
		if err == nil {
			for room := range words {
				h.wake(room)
			}
		}
		select {
		case <-ctx.Done():
		case <-time.After(lookEvery):
		}
	}
}

// close ends every stream; no new one begins.
func (h *hub) close() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return
	}
	h.closed = true
	close(h.done)
	for _, w := range h.rooms {
		w.stop()
	}
	clear(h.rooms)
}

// watch begins a stream. mark names the frame that the connection has seen already, render makes those to come; leave ends it.
func (h *hub) watch(room string, v view, mark string, render renderer) (st *Stream, leave func()) {
	st = &Stream{Frames: make(chan []byte, 1), Done: h.done, room: room, view: v, last: mark}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return st, func() {}
	}
	w := h.rooms[room]
	if w == nil {
		ctx, stop := context.WithCancel(context.Background())
		w = &watcher{hub: h, room: room, render: render, wake: make(chan struct{}, 1), stop: stop, streams: map[*Stream]bool{}, frames: map[view]Frame{}}
		h.rooms[room] = w
		go w.follow(ctx)
	}
	w.mu.Lock()
	w.streams[st] = true
	w.mu.Unlock()
	w.nudge()
	return st, func() { h.leave(w, st) }
}

func (h *hub) leave(w *watcher, st *Stream) {
	h.mu.Lock()
	defer h.mu.Unlock()
	w.mu.Lock()
	delete(w.streams, st)
	empty := len(w.streams) == 0
	w.mu.Unlock()
	if empty && h.rooms[w.room] == w {
		w.stop()
		delete(h.rooms, w.room)
	}
}

// follow shows the room to everybody who looks, whenever it changes and every now and then.
func (w *watcher) follow(ctx context.Context) {
	t := time.NewTicker(pulseEvery)
	defer t.Stop()
	var looked time.Duration
	for {
		select {
		case <-ctx.Done():
			return
		case <-w.wake:
		case <-t.C:
			if looked += pulseEvery; looked < lookEvery && !w.led() {
				continue
			}
		}
		looked = 0
		if err := w.show(ctx); err != nil && ctx.Err() == nil {
			w.hub.service.cfg.Log.Warn("room cannot be shown", "error", err.Error())
		}
	}
}

// led says whether a cockpit looks.
func (w *watcher) led() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	for st := range w.streams {
		if st.view.role == Cockpit {
			return true
		}
	}
	return false
}

// show makes the frames that are wanted and offers them.
func (w *watcher) show(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	r, err := w.hub.service.store.room(ctx, w.room)
	if err != nil {
		return err
	}
	w.mu.Lock()
	streams := make([]*Stream, 0, len(w.streams))
	for st := range w.streams {
		streams = append(streams, st)
	}
	w.mu.Unlock()
	var made []view
	for _, st := range streams {
		if !slices.Contains(made, st.view) {
			f, err := w.render(ctx, r, st.view, w.frames[st.view].Mark)
			if err != nil {
				return err
			}
			if f.Wire != nil {
				w.frames[st.view] = f
			}
			made = append(made, st.view)
		}
		st.offer(w.frames[st.view])
	}
	return nil
}
