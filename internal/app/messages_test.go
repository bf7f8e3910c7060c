package app

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/upstander/upstander/internal/audit"
	"github.com/upstander/upstander/internal/campaign"
	"github.com/upstander/upstander/internal/content"
	"github.com/upstander/upstander/internal/insights"
	"github.com/upstander/upstander/internal/locale"
	"github.com/upstander/upstander/internal/people"
	"github.com/upstander/upstander/internal/pledge"
	"github.com/upstander/upstander/internal/records"
	"github.com/upstander/upstander/internal/requirement"
	"github.com/upstander/upstander/internal/workshop"
)

// composed lists the keys that the program puts together, by what they begin with: the beginning stands in the sources, the rest comes from where it is
// said here. Whoever composes keys anew adds a line.
func composed() map[string][]string {
	all := map[string][]string{
		"note.": content.NoteIDs(), "jurisdiction.": content.Jurisdictions(), "support.": campaign.Kinds(), "pledge-role.": pledge.Roles(),
		"month.":         {"1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12"},
		"item.verdict-":  {content.VerdictTrue, content.VerdictMyth},
		"item.sure-":     {"1", "2", "3"},
		"check.":         campaign.CheckIDs(),
		"ds.":            {"direct", "distract", "delegate", "delay"},
		"basis.":         people.Bases(),
		"roster-column.": append(requirement.Columns(), requirement.Labels), "roster-state.": requirement.UploadStates(), "renewal.": requirement.Renewals(),
		"standing.": {requirement.Open, requirement.Met, requirement.Exempt}, "standing.decided-": {requirement.Met, requirement.Exempt},
		"staff.": {"requirements", "roster"},
		"mail.":  {"pledge.subject", "pledge.text", "pledge-again.subject", "pledge-again.text", "reminder-before.subject", "reminder-before.text", "reminder-on.subject", "reminder-on.text", "reminder-after.subject", "reminder-after.text"},
		"said.":  {"sso-gone", "sso-refused", "sso-taken", "sso-away", "sso-failed"},
	}
	all["status."] = append(all["status."], insights.Statuses()...)
	for _, by := range insights.Orders() {
		all["people-list."] = append(all["people-list."], "by-"+by)
	}
	for _, f := range insights.Formats() {
		all["people-list."] = append(all["people-list."], "export-"+string(f))
	}
	for _, level := range insights.Levels() {
		all["insights."] = append(all["insights."], level, "by-"+level)
	}
	for _, kind := range []content.Kind{content.Choice, content.Myth, content.Scenario, content.Sort} {
		for _, tone := range []string{"yes", "part", "other"} {
			all["reply."] = append(all["reply."], string(kind)+"-"+tone)
		}
	}
	for _, status := range []string{"403", "404", "405", "409", "413", "415", "422", "429", "431", "500", "503", "unknown"} {
		all["error."] = append(all["error."], status+".title", status+".lead")
	}
	for _, id := range campaign.KeptIDs() {
		all["kept."] = append(all["kept."], id+".title", id+".what", id+".long", id+".who")
	}
	for _, k := range cookies() {
		all["cookie."] = append(all["cookie."], k.Name)
	}
	for _, s := range campaign.Storage() {
		all["storage."] = append(all["storage."], s.ID+".for", s.ID+".life")
	}
	for _, k := range pledge.Kinds() {
		all["pledge-kind."] = append(all["pledge-kind."], string(k))
	}
	all["room.band-"], all["feedback."] = workshop.Bands(), workshop.FeedbackOptions()
	for _, r := range people.Roles() {
		all["role."] = append(all["role."], string(r))
	}
	for _, r := range people.GrantedRoles() {
		all["roles.may-"] = append(all["roles.may-"], string(r))
	}
	for _, v := range audit.Verbs() {
		all["audit-verb."] = append(all["audit-verb."], string(v))
	}
	for _, k := range records.Retention() {
		all["records-kind."] = append(all["records-kind."], string(k.Kind))
		all["records-why."] = append(all["records-why."], string(k.Kind))
	}
	for _, r := range people.GrantedRoles() {
		all["roles.may-"] = append(all["roles.may-"], string(r))
	}
	return all
}

// sources are the program's texts: Go without tests, by file.
func sources(t *testing.T) map[string]*ast.File {
	t.Helper()
	files := map[string]*ast.File{}
	for _, root := range []string{"..", "../../cmd"} {
		err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			src, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			files[path], err = parser.ParseFile(token.NewFileSet(), path, src, parser.SkipObjectResolution)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return files
}

func literal(e ast.Expr) (string, bool) {
	lit, ok := e.(*ast.BasicLit)
	if !ok || lit.Kind != token.STRING {
		return "", false
	}
	s, err := strconv.Unquote(lit.Value)
	return s, err == nil
}

// messageArgument returns the key that a call, or a field of a problem, names outright.
func messageArgument(n ast.Node) (string, bool) {
	switch n := n.(type) {
	case *ast.CallExpr:
		if f, ok := n.Fun.(*ast.Ident); ok && f.Name == "withSaid" && len(n.Args) == 2 {
			key, ok := literal(n.Args[1])
			return "said." + key, ok
		}
		f, ok := n.Fun.(*ast.SelectorExpr)
		at := slices.Index([]string{"T", "NewBase", "Add"}, nameOf(f, ok))
		if at == 2 { // of fault.Problems: field, key
			if len(n.Args) != 2 {
				return "", false
			}
			key, ok := literal(n.Args[1])
			return key, ok && strings.Contains(key, ".")
		}
		if at < 0 || len(n.Args) <= at {
			return "", false
		}
		return literal(n.Args[at])
	case *ast.KeyValueExpr:
		if name, ok := n.Key.(*ast.Ident); ok && name.Name == "Key" {
			key, ok := literal(n.Value)
			return key, ok && strings.Contains(key, ".") && !strings.HasPrefix(key, "_") // BSON has keys, too
		}
	}
	return "", false
}

func nameOf(f *ast.SelectorExpr, ok bool) string {
	if !ok {
		return ""
	}
	return f.Sel.Name
}

var saidAfter = regexp.MustCompile(`[?&]said=([a-z-]+)`)

// TestEveryMessageIsThereAndUsed goes through the sources and the views: what they say is in the catalogue, and the catalogue holds nothing that
// nobody says.
func TestEveryMessageIsThereAndUsed(t *testing.T) {
	words, err := locale.Load()
	if err != nil {
		t.Fatal(err)
	}
	used := map[string]bool{}
	need := func(where, key string) {
		used[key] = true
		if !words.In(locale.Source).Knows(key) { // then in every language: catalogues differ in nothing, or do not load
			t.Errorf("%s: no message %q", where, key)
		}
	}
	said := map[string]bool{} // every string of the program, because a key may go through a variable
	for path, file := range sources(t) {
		ast.Inspect(file, func(n ast.Node) bool {
			if key, ok := messageArgument(n); ok && !strings.HasSuffix(key, ".") && !strings.HasSuffix(key, "-") {
				need(path, key)
			}
			if e, ok := n.(ast.Expr); ok {
				if s, ok := literal(e); ok {
					said[s] = true
					for _, m := range saidAfter.FindAllStringSubmatch(s, -1) {
						if m[1] != "answered-before" { // an item says this in its own words
							need(path, "said."+m[1])
						}
					}
				}
			}
			return true
		})
	}
	for name, text := range templates(t) {
		for _, m := range messageKey.FindAllStringSubmatch(text, -1) {
			need(name, m[1])
		}
	}
	for begins, rest := range composed() {
		for _, r := range rest {
			need("composed", begins+r)
		}
	}
	for _, key := range words.Keys() {
		if !used[key] && !said[key] {
			t.Errorf("nobody says the message %q", key)
		}
	}
}
