package store

import (
	"encoding/base64"
	"fmt"
	"slices"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/upstander/upstander/internal/fault"
)

// IDField names the id in a query's range or prefix.
const IDField = "_id"

// MaxPage is the most documents that one Find returns; DefaultPage is what it returns when no limit is set.
const (
	MaxPage     = 1000
	DefaultPage = 50
)

// Query describes which documents are wanted and in which direction. It is a value: every method returns a changed copy.
type Query struct {
	equal  []condition
	span   *span
	by     []string
	desc   bool
	after  string
	before string
	limit  int
}

type condition struct {
	field string
	value any
}

type span struct {
	field     string
	low, high any // low inclusive, high exclusive; nil is open
	prefix    string
	isPrefix  bool
}

// All wants every document, in the order of the id.
func All() Query { return Query{} }

// Where wants documents whose field equals the value.
func Where(field string, value any) Query { return Query{}.Where(field, value) }

// Where adds an equality.
func (q Query) Where(field string, value any) Query {
	q.equal = append(slices.Clip(q.equal), condition{field, value})
	return q
}

// Prefix wants text that starts with prefix, in the index field after the equalities.
func (q Query) Prefix(field, prefix string) Query {
	q.span = &span{field: field, prefix: prefix, isPrefix: true}
	return q
}

// Range wants low <= field < high, in the index field after the equalities; nil leaves an end open.
func (q Query) Range(field string, low, high any) Query {
	q.span = &span{field: field, low: low, high: high}
	return q
}

// By names the order where the equalities fit more than one index: the fields that follow them.
func (q Query) By(fields ...string) Query { q.by = fields; return q }

// Desc turns the order round.
func (q Query) Desc() Query { q.desc = true; return q }

// After wants the page behind a cursor; the empty cursor is the beginning.
func (q Query) After(cursor string) Query { q.after = cursor; return q }

// Before wants the page in front of a cursor, in the same order as always.
func (q Query) Before(cursor string) Query { q.before = cursor; return q }

// Limit sets the size of the page, at most MaxPage.
func (q Query) Limit(n int) Query { q.limit = n; return q }

// Plan is a query matched to one index, ready for an engine: walk Index where its first fields equal Equal, within Low and
// High on the next field, beyond Cursor, in one direction.
type Plan struct {
	Index  *Index // nil is the id alone
	Equal  []any
	Low    any // inclusive; nil is open
	High   any // exclusive; nil is open
	Cursor []any
	Desc   bool
	Limit  int
}

// Key returns the fields that the plan walks after its equalities: the index's remaining ones, then the id.
func (p Plan) Key() []string {
	if p.Index == nil {
		return []string{IDField}
	}
	return append(slices.Clone(p.Index.Fields[len(p.Equal):]), IDField)
}

// plan matches the query to the first declared index that covers it; group lists the fields of a tally.
func (s *Schema) plan(q Query, group []string) (Plan, error) {
	for i := range s.Indexes {
		x := &s.Indexes[i]
		if p, ok := q.on(x, group); ok {
			return q.fill(s, p)
		}
	}
	if len(q.equal) == 0 && len(group) == 0 && len(q.by) == 0 && (q.span == nil || q.span.field == IDField) {
		return q.fill(s, Plan{})
	}
	return Plan{}, fmt.Errorf("store %s: %w: %s", s.Name, ErrUncovered, q.describe(group))
}

// on says whether the index covers the query, and orders the equalities as the index does.
func (q Query) on(x *Index, group []string) (Plan, bool) {
	n := len(q.equal)
	if n > len(x.Fields) || n == 0 && q.span == nil && len(q.by) == 0 && len(group) == 0 {
		return Plan{}, false
	}
	equal := make([]any, n)
	for _, c := range q.equal {
		at := slices.Index(x.Fields[:n], c.field)
		if at < 0 || equal[at] != nil {
			return Plan{}, false
		}
		equal[at] = c.value
	}
	rest := append(slices.Clone(x.Fields[n:]), IDField)
	if q.span != nil && q.span.field != rest[0] {
		return Plan{}, false
	}
	for _, wanted := range [][]string{q.by, group} {
		if len(wanted) > len(rest) || !slices.Equal(wanted, rest[:len(wanted)]) {
			return Plan{}, false
		}
	}
	return Plan{Index: x, Equal: equal}, true
}

func (q Query) fill(s *Schema, p Plan) (Plan, error) {
	var err error
	fail := func(err error) (Plan, error) { return Plan{}, fmt.Errorf("store %s: %w", s.Name, err) }
	for i, v := range p.Equal {
		if p.Equal[i], err = value(v); err != nil {
			return fail(err)
		}
	}
	if q.span != nil {
		if p.Low, p.High, err = q.span.bounds(); err != nil {
			return fail(err)
		}
	}
	p.Limit = q.limit
	if p.Limit <= 0 {
		p.Limit = DefaultPage
	}
	p.Limit = min(p.Limit, MaxPage)
	p.Desc = q.desc
	cursor := q.after
	if q.before != "" {
		cursor, p.Desc = q.before, !p.Desc
	}
	if cursor != "" {
		if p.Cursor, err = readCursor(cursor, len(p.Key())); err != nil {
			return fail(err)
		}
		// A cursor comes from an address bar: it must not reach outside the range that the program asked for.
		if !within(p.Cursor[0], p.Low, p.High) {
			return fail(fmt.Errorf("%w: cursor outside the range", fault.Invalid))
		}
	}
	return p, nil
}

func (sp span) bounds() (low, high any, err error) {
	if sp.isPrefix {
		if err := checkText(sp.prefix); err != nil {
			return nil, nil, err
		}
		low = sp.prefix
		if end, ok := afterPrefix(sp.prefix); ok {
			high = end
		}
		return low, high, nil
	}
	if sp.low != nil {
		if low, err = value(sp.low); err != nil {
			return nil, nil, err
		}
	}
	if sp.high != nil {
		if high, err = value(sp.high); err != nil {
			return nil, nil, err
		}
	}
	return low, high, nil
}

func within(v, low, high any) bool {
	if low != nil {
		if c, ok := compare(v, low); !ok || c < 0 {
			return false
		}
	}
	if high != nil {
		if c, ok := compare(v, high); !ok || c >= 0 {
			return false
		}
	}
	return true
}

func (q Query) describe(group []string) string {
	s := "equal"
	for _, c := range q.equal {
		s += " " + c.field
	}
	if q.span != nil {
		s += ", range " + q.span.field
	}
	if len(q.by) > 0 {
		s += fmt.Sprintf(", by %v", q.by)
	}
	if len(group) > 0 {
		s += fmt.Sprintf(", grouped by %v", group)
	}
	return s
}

// writeCursor encodes the place of a document in the plan's order.
func writeCursor(p Plan, doc Document) (string, error) {
	var place []any
	for _, f := range p.Key() {
		v, err := Indexed(doc.Raw, f)
		if err != nil {
			return "", err
		}
		place = append(place, v)
	}
	return CursorAt(place...)
}

// CursorAt returns the cursor of the place that these values have in a query's order: the fields after its equalities, then the id. Whoever merges
// several queries into one list needs it, for the list's last document stands in one of them only.
func CursorAt(values ...any) (string, error) {
	place := make(bson.A, len(values))
	for i, v := range values {
		var err error
		if place[i], err = value(v); err != nil {
			return "", err
		}
	}
	raw, err := bson.Marshal(bson.M{"k": place})
	if err != nil {
		return "", err
	}
	return base64.RawURLEncoding.EncodeToString(raw), nil
}

func readCursor(s string, fields int) ([]any, error) {
	bad := fmt.Errorf("%w: unreadable cursor", fault.Invalid)
	if len(s) > 2*(6*MaxIndexed+MaxID) { // base64 of the longest place
		return nil, bad
	}
	raw, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil || bson.Raw(raw).Validate() != nil {
		return nil, bad
	}
	list, ok := bson.Raw(raw).Lookup("k").ArrayOK()
	if !ok {
		return nil, bad
	}
	values, err := list.Values()
	if err != nil || len(values) != fields {
		return nil, bad
	}
	place := make([]any, fields)
	for i, rv := range values {
		if place[i], err = fromBSON(rv); err != nil {
			return nil, bad
		}
	}
	if _, ok := place[fields-1].(string); !ok {
		return nil, bad
	}
	return place, nil
}
