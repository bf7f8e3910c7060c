// Package internal holds no code of its own; this test holds the architecture.
package internal

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/upstander/upstander/"

// layers lists who may import whom: a package imports only packages of earlier rows. Packages of one row leave each other alone, but for the
// first row, the base.
var layers = [][]string{
	{"fault", "config", "locale", "store", "ephemeral", "content", "mail", "web", "audit"},
	{"people"},
	{"training", "certificate", "workshop", "requirement", "pledge", "report", "casework", "campaign", "reminder", "records"},
	{"insights"},
	{"app"},
}

// source is one parsed file.
type source struct {
	path string // from the root: internal/people/http.go
	pkg  string // first folder below internal, or cmd
	test bool
	file *ast.File
}

func (s source) imports() []string {
	var all []string
	for _, i := range s.file.Imports {
		all = append(all, strings.Trim(i.Path.Value, `"`))
	}
	return all
}

// support says whether the file is test support: a package whose name ends in test.
func (s source) support() bool { return strings.HasSuffix(path.Dir(s.path), "test") }

func sources(t *testing.T) []source {
	t.Helper()
	var all []source
	for _, root := range []string{"internal", "cmd", "views", "public", "modules"} {
		err := filepath.WalkDir(filepath.Join("..", root), func(p string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(p, ".go") {
				return err
			}
			f, err := parser.ParseFile(token.NewFileSet(), p, nil, parser.ParseComments)
			if err != nil {
				return err
			}
			rel := filepath.ToSlash(strings.TrimPrefix(p, ".."+string(filepath.Separator)))
			parts := strings.Split(rel, "/")
			pkg := parts[0]
			if pkg == "internal" && len(parts) > 2 {
				pkg = parts[1]
			}
			all = append(all, source{path: rel, pkg: pkg, test: strings.HasSuffix(rel, "_test.go"), file: f})
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if len(all) < 40 {
		t.Fatalf("only %d files were found", len(all))
	}
	return all
}

func layer(pkg string) int {
	return slices.IndexFunc(layers, func(row []string) bool { return slices.Contains(row, pkg) })
}

func TestWhoImportsWhom(t *testing.T) {
	for _, s := range sources(t) {
		if s.test || s.support() || s.pkg == "cmd" || s.pkg == "views" || s.pkg == "public" || s.pkg == "modules" || s.pkg == "internal" {
			continue
		}
		from := layer(s.pkg)
		if from < 0 {
			t.Errorf("%s: package %s stands in no layer", s.path, s.pkg)
			continue
		}
		for _, i := range s.imports() {
			rest, ours := strings.CutPrefix(i, module+"internal/")
			if !ours {
				continue
			}
			to, _, _ := strings.Cut(rest, "/")
			switch {
			case to == s.pkg:
			case layer(to) > from, layer(to) == from && from > 0:
				t.Errorf("%s imports %s, which is not to its right", s.path, to)
			case s.pkg == "report" && to == "people":
				t.Errorf("%s: the report door must not know persons", s.path)
			}
		}
	}
}

// TestDriversStayBehindOneDoor keeps each library where it can be replaced.
func TestDriversStayBehindOneDoor(t *testing.T) {
	allowed := func(s source, library string) bool {
		dir, file := path.Dir(s.path), path.Base(s.path)
		switch {
		case strings.HasPrefix(library, "go.mongodb.org/mongo-driver/v2/bson"):
			return strings.HasPrefix(dir, "internal/store")
		case strings.HasPrefix(library, "go.mongodb.org/"):
			return dir == "internal/store/mongodb"
		case strings.HasPrefix(library, "modernc.org/sqlite"), library == "database/sql":
			return dir == "internal/store/sqlite"
		case strings.HasPrefix(library, "github.com/redis/"), strings.HasPrefix(library, "github.com/go-redis/"), strings.HasPrefix(library, "github.com/alicebob/"):
			return strings.HasPrefix(dir, "internal/ephemeral")
		case strings.HasPrefix(library, "github.com/gofiber/"), strings.HasPrefix(library, "github.com/valyala/"):
			return dir == "internal/web" || dir == "internal/app" || file == "http.go" || strings.HasPrefix(file, "http_")
		case library == module+"internal/store":
			return file == "store.go" || strings.HasPrefix(file, "store_") || strings.HasPrefix(dir, "internal/store") || dir == "internal/app"
		case strings.HasPrefix(library, module+"internal/store/"):
			return strings.HasPrefix(dir, "internal/store") || dir == "internal/app" || dir == "cmd/upstander"
		}
		return true
	}
	for _, s := range sources(t) {
		if s.test || s.support() {
			continue
		}
		for _, i := range s.imports() {
			if !allowed(s, i) {
				t.Errorf("%s must not import %s", s.path, i)
			}
		}
	}
}

// TestHandlersLeaveTheStoreAlone lets handlers ask their service only.
func TestHandlersLeaveTheStoreAlone(t *testing.T) {
	for _, s := range sources(t) {
		if name := path.Base(s.path); s.test || name != "http.go" && !strings.HasPrefix(name, "http_") {
			continue
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			outer, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			if inner, ok := outer.X.(*ast.SelectorExpr); ok && inner.Sel.Name == "store" {
				t.Errorf("%s asks the store for %s; its service should", s.path, outer.Sel.Name)
			}
			return true
		})
	}
}

// TestNoHiddenState finds package-level variables and init functions: only embeds, sentinel errors and compiled regexps may be there.
func TestNoHiddenState(t *testing.T) {
	for _, s := range sources(t) {
		if s.test || s.support() {
			continue
		}
		for _, d := range s.file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Name.Name == "init" && f.Recv == nil {
				t.Errorf("%s has an init function", s.path)
			}
			g, ok := d.(*ast.GenDecl)
			if !ok || g.Tok != token.VAR {
				continue
			}
			embed := g.Doc != nil && strings.Contains(docText(g.Doc), "//go:embed")
			for _, spec := range g.Specs {
				v := spec.(*ast.ValueSpec)
				for i, name := range v.Names {
					if name.Name == "_" || embed || i < len(v.Values) && harmless(v.Values[i]) {
						continue
					}
					t.Errorf("%s: package-level variable %s", s.path, name.Name)
				}
			}
		}
	}
}

func docText(c *ast.CommentGroup) string {
	var b strings.Builder
	for _, l := range c.List {
		b.WriteString(l.Text + "\n")
	}
	return b.String()
}

func harmless(e ast.Expr) bool {
	call, ok := e.(*ast.CallExpr)
	if !ok {
		return false
	}
	fun, ok := call.Fun.(*ast.SelectorExpr)
	if !ok {
		return false
	}
	from, _ := fun.X.(*ast.Ident)
	return from != nil && (from.Name == "errors" && fun.Sel.Name == "New" || from.Name == "regexp" && fun.Sel.Name == "MustCompile")
}

// TestClockAndIDsAreInjected keeps time and chance out of everything but app.
func TestClockAndIDsAreInjected(t *testing.T) {
	banned := map[string][]string{"time": {"Now", "Since", "Until"}, "uuid": {"New", "NewString", "NewV7", "NewRandom"}}
	for _, s := range sources(t) {
		if s.test || s.support() || s.pkg == "app" || s.pkg == "cmd" {
			continue
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			sel, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			if from, ok := sel.X.(*ast.Ident); ok && slices.Contains(banned[from.Name], sel.Sel.Name) {
				t.Errorf("%s uses %s.%s", s.path, from.Name, sel.Sel.Name)
			}
			return true
		})
	}
}

// TestEveryPackageSaysWhatItIs asks for package documentation.
func TestEveryPackageSaysWhatItIs(t *testing.T) {
	documented := map[string]bool{}
	for _, s := range sources(t) {
		if !s.test {
			dir := path.Dir(s.path)
			documented[dir] = documented[dir] || s.file.Doc != nil
		}
	}
	for dir, ok := range documented {
		if !ok {
			t.Errorf("package %s has no package comment", dir)
		}
	}
}

// TestFeaturesHaveTheSameFiles makes files guessable.
func TestFeaturesHaveTheSameFiles(t *testing.T) {
	files := map[string]bool{}
	for _, s := range sources(t) {
		files[s.path] = true
	}
	for _, feature := range append([]string{"people"}, layers[2]...) {
		if !files["internal/"+feature+"/"+feature+".go"] {
			if slices.ContainsFunc(sources(t), func(s source) bool { return s.pkg == feature }) {
				t.Errorf("%s has no %s.go", feature, feature)
			}
			continue
		}
		if files["internal/"+feature+"/http.go"] != files["internal/"+feature+"/pages.go"] {
			t.Errorf("%s needs both http.go and pages.go, or neither", feature)
		}
	}
}

// TestTopLevel keeps the root as the layout says.
func TestTopLevel(t *testing.T) {
	allowed := []string{"cmd", "modules", "internal", "views", "public", "deploy", "go.mod", "go.sum", "Makefile", "README.md", "LICENSE", "data", "bin"}
	entries, err := filepath.Glob("../*")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if name := filepath.Base(e); !slices.Contains(allowed, name) && !strings.HasPrefix(name, ".") {
			t.Errorf("%s does not belong to the top level", name)
		}
	}
}
