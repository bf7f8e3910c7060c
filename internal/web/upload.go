package web

import (
	"bytes"
	"fmt"
	"io"
	"mime"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"

	"github.com/upstander/upstander/internal/fault"
)

// uploadTimeout is how long a file may take to arrive.
const uploadTimeout = 2 * time.Minute

// received allows more than usual where a file is expected, before any of it has been read. Whoever carries no cookie cannot have signed in.
func (s *Server) received(h *fasthttp.RequestHeader) fasthttp.RequestConfig {
	path, _, _ := bytes.Cut(h.RequestURI(), []byte("?"))
	limit := s.large[string(path)]
	if limit == 0 || !h.IsPost() || len(h.Peek(fiber.HeaderCookie)) == 0 {
		return fasthttp.RequestConfig{}
	}
	return fasthttp.RequestConfig{MaxRequestBodySize: limit, ReadTimeout: uploadTimeout}
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
