package content

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// Limits on what an author's file may be; a module that needs more wants another section.
const (
	maxFile = 256 << 10
	maxLine = 4000
	maxDeep = 60
	maxText = 6000
)

// node is one value of a YAML file. Its readers report what is wrong with a position and go on, so that an author sees every
// problem at once.
type node struct {
	r  *report
	at position
	n  ast.Node
}

// parse reads a file into its root node; false when there is nothing to go on with.
func parse(r *report, file string, src []byte) (root node, ok bool) {
	whole := position{file: file, line: 1, column: 1}
	defer func() {
		if p := recover(); p != nil { // the YAML library gives up on some rubbish with a panic
			r.add(whole, "this is not YAML: %v", p)
			ok = false
		}
	}()
	if at, problem := unreadable(src); problem != "" {
		r.add(position{file: file, line: at, column: 1}, "%s", problem)
		return node{}, false
	}
	f, err := parser.ParseBytes(src, 0)
	if err != nil {
		at, text := whole, err.Error()
		if se, ok := err.(yaml.Error); ok {
			text = se.GetMessage()
			if t := se.GetToken(); t != nil && t.Position != nil {
				at.line, at.column = t.Position.Line, t.Position.Column
			}
		}
		r.add(at, "%s", strings.TrimSpace(text))
		return node{}, false
	}
	if len(f.Docs) != 1 || f.Docs[0].Body == nil {
		r.add(whole, "a file holds one YAML document")
		return node{}, false
	}
	return node{r: r, at: whole, n: f.Docs[0].Body}.located(), true
}

// unreadable refuses what could make the parser work without bound.
func unreadable(src []byte) (line int, problem string) {
	if len(src) > maxFile {
		return 1, fmt.Sprintf("the file is larger than %d KiB", maxFile>>10)
	}
	depth := 0
	for i, l := range strings.Split(string(src), "\n") {
		if len(l) > maxLine {
			return i + 1, fmt.Sprintf("a line is longer than %d characters", maxLine)
		}
		if indent := len(l) - len(strings.TrimLeft(l, " -?")); indent > 2*maxDeep {
			return i + 1, "this is nested too deeply"
		}
		depth += strings.Count(l, "[") + strings.Count(l, "{") - strings.Count(l, "]") - strings.Count(l, "}")
		if depth > maxDeep {
			return i + 1, "this is nested too deeply"
		}
		depth = max(depth, 0)
	}
	return 0, ""
}

func (n node) located() node {
	if n.n != nil && n.n.GetToken() != nil && n.n.GetToken().Position != nil {
		p := n.n.GetToken().Position
		n.at.line, n.at.column = p.Line, p.Column
	}
	if m, ok := n.n.(*ast.MappingNode); ok && len(m.Values) > 0 { // the token of a mapping is its first colon
		p := m.Values[0].Key.GetToken().Position
		n.at.line, n.at.column = p.Line, p.Column
	}
	return n
}

func (n node) child(c ast.Node) node { return node{r: n.r, at: n.at, n: c}.located() }

// missing says that there is no such value; reading it yields zero values without further complaint.
func (n node) missing() bool { return n.n == nil }

func (n node) problem(format string, args ...any) { n.r.add(n.at, format, args...) }

// mapping is a YAML mapping that remembers which keys were asked for.
type mapping struct {
	node
	keys   []string
	values map[string]node
	names  map[string]node // the keys themselves, for their positions
	asked  map[string]bool
}

func (n node) mapping() *mapping {
	m := &mapping{node: n, values: map[string]node{}, names: map[string]node{}, asked: map[string]bool{}}
	var pairs []*ast.MappingValueNode
	switch v := n.n.(type) {
	case nil:
		return m
	case *ast.MappingNode:
		pairs = v.Values
	case *ast.MappingValueNode:
		pairs = []*ast.MappingValueNode{v}
	default:
		n.problem("keys and values are wanted here")
		return m
	}
	for _, pair := range pairs {
		key, ok := pair.Key.(ast.Node).(*ast.StringNode)
		if !ok {
			n.child(pair.Key).problem("a key is a plain word; anchors, aliases and merge keys are refused")
			continue
		}
		m.keys = append(m.keys, key.Value)
		m.names[key.Value] = n.child(pair.Key)
		m.values[key.Value] = n.child(pair.Value)
	}
	return m
}

// get returns the value of a key, which is missing when it is not there.
func (m *mapping) get(key string) node {
	m.asked[key] = true
	v, ok := m.values[key]
	if !ok {
		return node{r: m.r, at: m.at}
	}
	if _, null := v.n.(*ast.NullNode); null {
		m.names[key].problem("%s is empty", key)
		return node{r: m.r, at: m.at}
	}
	return v
}

// need is get for a key that must be there.
func (m *mapping) need(key string) node {
	if _, ok := m.values[key]; !ok && m.n != nil {
		m.problem("%s is missing", key)
	}
	return m.get(key)
}

// done reports every key that nobody asked for.
func (m *mapping) done() {
	for _, k := range m.keys {
		if !m.asked[k] {
			m.names[k].problem("unknown key %q", k)
		}
	}
}

// list returns the elements of a sequence.
func (n node) list() []node {
	if n.missing() {
		return nil
	}
	s, ok := n.n.(*ast.SequenceNode)
	if !ok {
		n.problem("a list is wanted here")
		return nil
	}
	all := make([]node, len(s.Values))
	for i, v := range s.Values {
		all[i] = n.child(v)
	}
	return all
}

// text returns a string without surrounding white space.
func (n node) text() string {
	var s string
	switch v := n.n.(type) {
	case nil:
		return ""
	case *ast.StringNode:
		s = v.Value
	case *ast.LiteralNode:
		s = v.Value.Value
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode:
		s = v.GetToken().Value
	case *ast.AnchorNode, *ast.AliasNode, *ast.TagNode:
		n.problem("anchors, aliases and tags are refused")
		return ""
	default:
		n.problem("text is wanted here")
		return ""
	}
	s = strings.TrimSpace(s)
	if len(s) > maxText {
		n.problem("the text is longer than %d characters", maxText)
	}
	if s == "" {
		n.problem("the text is empty")
	}
	return s
}

// line is text that stands on one line.
func (n node) line() string { return strings.Join(strings.Fields(n.text()), " ") }

var idRule = regexp.MustCompile(`^[a-z][a-z0-9]*(-[a-z0-9]+)*$`)

func (n node) id() string {
	s := n.line()
	if s != "" && (len(s) > 48 || !idRule.MatchString(s)) {
		n.problem("an id is lower-case words joined by hyphens, at most 48 letters, not %q", s)
	}
	return s
}

// one returns a string that must be one of those allowed.
func (n node) one(allowed ...string) string {
	s := n.line()
	if s != "" && !slices.Contains(allowed, s) {
		n.problem("%q is not one of %s", s, strings.Join(allowed, ", "))
	}
	return s
}

func (n node) number(low, high int) int {
	if n.missing() {
		return 0
	}
	var i int
	if _, err := fmt.Sscanf(n.line(), "%d", &i); err != nil || i < low || i > high {
		n.problem("a whole number from %d to %d is wanted here", low, high)
	}
	return i
}

func (n node) yes() bool {
	if n.missing() {
		return false
	}
	b, ok := n.n.(*ast.BoolNode)
	if !ok {
		n.problem("true or false is wanted here")
		return false
	}
	return b.Value
}

// day returns a date as 2006-01-02 in UTC.
func (n node) day() time.Time {
	if n.missing() {
		return time.Time{}
	}
	d, err := time.Parse(time.DateOnly, n.line())
	if err != nil {
		n.problem("a day is written like 2027-09-01")
	}
	return d
}

func (n node) ids() []string {
	var all []string
	for _, e := range n.list() {
		all = append(all, e.id())
	}
	return all
}

func (n node) oneOf(allowed []string) []string {
	var all []string
	for _, e := range n.list() {
		all = append(all, e.one(allowed...))
	}
	return all
}
