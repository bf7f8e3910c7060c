package web

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"mime"
	"path"
	"strings"

	"github.com/gofiber/fiber/v2"
)

// assets are the files of public/, kept in memory. Their addresses carry a hash of the content, so that browsers keep them for ever.
type assets struct {
	fsys   fs.FS
	reload bool
	files  map[string]asset
}

type asset struct {
	body, zipped []byte
	kind         string
	hash         string
	url          string
}

func loadAssets(fsys fs.FS, reload bool) (*assets, error) {
	a := &assets{fsys: fsys, reload: reload, files: map[string]asset{}}
	err := fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasSuffix(name, ".go") {
			return err
		}
		a.files[name], err = readAsset(fsys, name)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read assets: %w", err)
	}
	return a, nil
}

func readAsset(fsys fs.FS, name string) (asset, error) {
	body, err := fs.ReadFile(fsys, name)
	if err != nil {
		return asset{}, err
	}
	sum := sha256.Sum256(body)
	kind := mime.TypeByExtension(path.Ext(name))
	if kind == "" {
		kind = "application/octet-stream"
	}
	var zipped bytes.Buffer
	w, _ := gzip.NewWriterLevel(&zipped, gzip.BestCompression) // the level is valid
	if _, err := w.Write(body); err != nil {
		return asset{}, err
	}
	if err := w.Close(); err != nil {
		return asset{}, err
	}
	hash, ext := hex.EncodeToString(sum[:6]), path.Ext(name)
	return asset{body: body, zipped: zipped.Bytes(), kind: kind, hash: hash, url: "/public/" + strings.TrimSuffix(name, ext) + "." + hash + ext}, nil
}

func (a *assets) find(name string) (asset, bool) {
	if a.reload {
		if f, err := readAsset(a.fsys, name); err == nil {
			return f, true
		}
	}
	f, ok := a.files[name]
	return f, ok
}

// url returns css/site.css as /public/css/site.0123456789ab.css.
func (a *assets) url(name string) string {
	f, ok := a.find(name)
	if !ok {
		return "/public/missing/" + name // a test looks for these
	}
	return f.url
}

// asset answers /public/…. A page that is older than this program asks by an older hash and gets the file of today, not to keep.
func (s *Server) asset(c *fiber.Ctx) error {
	full := c.Params("*")
	ext := path.Ext(full)
	stem := strings.TrimSuffix(full, ext)
	name, hash := strings.TrimSuffix(stem, path.Ext(stem))+ext, strings.TrimPrefix(path.Ext(stem), ".")
	f, ok := s.assets.find(name)
	if !ok || !fs.ValidPath(name) {
		return fiber.ErrNotFound
	}
	if hash == f.hash {
		c.Set(fiber.HeaderCacheControl, "public, max-age=31536000, immutable")
	}
	return f.send(c)
}

// worker answers /sw.js. A service worker looks after what lies below its own address, so it stands at the root; and that address never changes, so
// browsers must ask each time.
func (s *Server) worker(c *fiber.Ctx) error {
	f, ok := s.assets.find("js/sw.js")
	if !ok {
		return fiber.ErrNotFound
	}
	c.Set(fiber.HeaderCacheControl, "no-cache")
	return f.send(c)
}

func (f asset) send(c *fiber.Ctx) error {
	c.Set(fiber.HeaderContentType, f.kind)
	c.Vary(fiber.HeaderAcceptEncoding)
	if strings.Contains(c.Get(fiber.HeaderAcceptEncoding), "gzip") {
		c.Set(fiber.HeaderContentEncoding, "gzip")
		return c.Send(f.zipped)
	}
	return c.Send(f.body)
}
