package app

import (
	_ "embed"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"sync/atomic"
	"time"

	"github.com/upstander/upstander/internal/campaign"
	"github.com/upstander/upstander/internal/config"
	"github.com/upstander/upstander/internal/content"
	"github.com/upstander/upstander/internal/locale"
	"github.com/upstander/upstander/internal/people"
	"github.com/upstander/upstander/internal/pledge"
	"github.com/upstander/upstander/modules"
)

//go:embed demo.yaml
var demoInstitutions []byte

// ModuleFiles returns the training modules that the configuration names: a folder, the sources' one, or those inside the program.
func ModuleFiles(cfg config.Config, opts Options) fs.FS {
	switch {
	case cfg.Modules != "":
		return os.DirFS(cfg.Modules)
	case opts.Source != "":
		return os.DirFS(filepath.Join(opts.Source, "modules"))
	}
	return modules.Files
}

// Reviews says how far native readers have come with everything that the program says: modules and glossary, interface, directory of support, pledge.
func Reviews(lib *content.Library, words *locale.Catalogue) ([]locale.Review, error) {
	support, err := campaign.Reviews()
	if err != nil {
		return nil, err
	}
	pledges, err := pledge.Reviews()
	return slices.Concat(lib.Reviews(), words.Reviews(), support, pledges), err
}

// library holds the modules as they are now. While an author works, it reads them again when a file has changed and keeps the last good ones
// when the new ones have a problem.
type library struct {
	fsys    fs.FS
	log     *slog.Logger
	current atomic.Pointer[content.Library]
	seen    string
}

func newLibrary(cfg config.Config, opts Options, log *slog.Logger) (*library, error) {
	l := &library{fsys: ModuleFiles(cfg, opts), log: log}
	lib, err := content.Load(l.fsys)
	if err != nil {
		return nil, fmt.Errorf("the training modules have problems; none of them is served:\n%w", err)
	}
	l.current.Store(lib)
	l.seen = l.stamp()
	return l, nil
}

func (l *library) now() *content.Library { return l.current.Load() }

func (l *library) refresh() {
	stamp := l.stamp()
	if stamp == l.seen {
		return
	}
	l.seen = stamp
	lib, err := content.Load(l.fsys)
	if err != nil {
		l.log.Error("the changed modules have problems; the last good ones stay", "problems", err.Error())
		return
	}
	l.current.Store(lib)
	l.log.Info("modules read again")
}

// stamp changes when any file of the modules does.
func (l *library) stamp() string {
	newest, n := time.Time{}, 0
	_ = fs.WalkDir(l.fsys, ".", func(_ string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return nil //nolint:nilerr // a file that vanishes while we look changes the count
		}
		if info, err := d.Info(); err == nil {
			n++
			if info.ModTime().After(newest) {
				newest = info.ModTime()
			}
		}
		return nil
	})
	return fmt.Sprint(n, newest.UnixNano())
}

// readInstitutions reads institutions.yaml in the data folder; the demo brings its own where there is none.
func readInstitutions(cfg config.Config, opts Options, catalogue *locale.Catalogue, lib *content.Library) ([]people.Institution, error) {
	path := filepath.Join(cfg.Data, "institutions.yaml")
	src, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) && opts.Demo {
		src, err = announced(demoInstitutions, clock()), nil
	}
	if err != nil {
		return nil, fmt.Errorf("read institutions: %w", err)
	}
	list, err := people.ReadInstitutions(src, catalogue.Languages())
	if err != nil {
		return nil, err
	}
	for _, in := range list {
		for _, d := range in.Requires {
			if _, ok := lib.Module(d.Module); !ok {
				return nil, fmt.Errorf("institutions.yaml: %s requires the module %q, which is not there", in.ID, d.Module)
			}
		}
	}
	return list, nil
}
