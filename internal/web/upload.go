package web

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"maps"
	"mime"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"

	"github.com/upstander/upstander/internal/fault"
)

// uploadTimeout is how long a file may take to arrive.
const uploadTimeout = 2 * time.Minute

// maxUploads is how many files may arrive at once: each is held in memory as a whole.
const maxUploads = 4

// placeHeader is set by the server itself, to what place a file has among those that arrive.
const (
	placeHeader = "X-Upstander-Place"
	noPlace     = "none"
)

// Admits says who may send files: whoever carries a session's cookie, judged by the header alone.
func (s *Server) Admits(knows func(ctx context.Context, cookies [][]byte) bool) { s.admits = knows }

// received allows more than usual where a file is expected and somebody has signed in, before any of it has been read.
func (s *Server) received(h *fasthttp.RequestHeader) fasthttp.RequestConfig {
	h.Del(placeHeader)
	path, _, _ := bytes.Cut(h.RequestURI(), []byte("?"))
	limit := s.large[string(path)]
	if limit == 0 || !h.IsPost() || s.admits == nil {
		return fasthttp.RequestConfig{}
	}
	ctx, cancel := context.WithTimeout(context.Background(), deadline)
	defer cancel()
	if !s.admits(ctx, h.PeekAll(fiber.HeaderCookie)) {
		return fasthttp.RequestConfig{}
	}
	place := s.arriving.take(s.cfg.Now())
	h.Set(placeHeader, place)
	if place == noPlace {
		return fasthttp.RequestConfig{}
	}
	return fasthttp.RequestConfig{MaxRequestBodySize: limit, ReadTimeout: uploadTimeout}
}

// arriving are the files on their way. A connection that breaks off says nothing: its place is free when the file could not arrive any more.
type arriving struct {
	mu    sync.Mutex
	until map[string]time.Time
}

func (a *arriving) take(now time.Time) (place string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	maps.DeleteFunc(a.until, func(_ string, until time.Time) bool { return now.After(until) })
	if len(a.until) >= maxUploads {
		return noPlace
	}
	place = rand.Text()
	a.until[place] = now.Add(uploadTimeout + deadline)
	return place
}

func (a *arriving) free(place string) {
	if place == "" {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.until, place)
}

// Upload is a file that came with a form.
type Upload struct {
	Name    string // as the browser gave it, without folders
	Content []byte
}

// ReadUpload reads a posted form with one file. An empty file stands for none, and so does a form that could not carry one. What comes compressed is
// refused: no browser sends that, and nothing bounds what it unfolds to.
func ReadUpload(c *fiber.Ctx, field string) (Form, Upload, error) {
	f := Form{values: map[string][]string{}}
	if c.Get(fiber.HeaderContentEncoding) != "" {
		return f, Upload{}, fiber.ErrUnsupportedMediaType
	}
	if kind, _, err := mime.ParseMediaType(c.Get(fiber.HeaderContentType)); err != nil || kind != fiber.MIMEMultipartForm {
		f, err := ReadForm(c)
		return f, Upload{}, err
	}
	form, err := c.MultipartForm()
	if err != nil {
		return f, Upload{}, fmt.Errorf("%w: %w", fault.Invalid, err)
	}
	for key, values := range form.Value {
		for _, v := range values {
			if len(f.values) >= maxFields || len(v) > maxValue || !utf8.ValidString(key) || !utf8.ValidString(v) || strings.ContainsRune(v, 0) {
				return f, Upload{}, fmt.Errorf("%w: a field is no valid text", fault.Invalid)
			}
			f.values[key] = append(f.values[key], strings.TrimSpace(v))
		}
	}
	files := form.File[field]
	if len(files) != 1 {
		return f, Upload{}, nil
	}
	in, err := files[0].Open()
	if err != nil {
		return f, Upload{}, fmt.Errorf("read upload: %w", err)
	}
	defer in.Close()
	content, err := io.ReadAll(in)
	name := files[0].Filename
	name = name[strings.LastIndexAny(name, "/\\")+1:]
	return f, Upload{Name: strings.ToValidUTF8(name, ""), Content: content}, err
}
