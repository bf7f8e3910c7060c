package sqlite

import (
	"strings"
	"time"

	"github.com/upstander/upstander/internal/store"
)

func table(s *store.Schema) string { return quote(tablePrefix + s.Name) }

// column names the real column of an indexed field; the id has its own.
func column(field string) string {
	if field == store.IDField {
		return "id"
	}
	return quote("f_" + field)
}

func columns(fields []string) []string {
	out := make([]string, len(fields))
	for i, f := range fields {
		out[i] = column(f)
	}
	return out
}

// quote is for names that store has checked already; it only keeps SQL's own words apart.
func quote(name string) string { return `"` + name + `"` }

// parameter turns an index value into what the column holds: text, or a whole number.
func parameter(v any) any {
	switch v := v.(type) {
	case time.Time:
		return v.UnixMilli()
	case bool:
		if v {
			return int64(1)
		}
		return int64(0)
	}
	return v
}

func parameters(values []any) []any {
	out := make([]any, len(values))
	for i, v := range values {
		out[i] = parameter(v)
	}
	return out
}

// walk writes the statement of a plan. Beyond a cursor it compares row values, (a, id) > (?, ?): SQLite turns these into one
// search of the index, which and/or forms would make a scan.
func walk(s *store.Schema, p store.Plan, what string) (string, []any) {
	where, args := conditions(p)
	var b strings.Builder
	b.WriteString("SELECT " + what + " FROM " + table(s))
	if p.Index != nil {
		b.WriteString(" INDEXED BY " + quote(indexName(s, p.Index)))
	}
	b.WriteString(" WHERE " + where)
	if key := sortKey(p); len(key) > 0 {
		direction := ""
		if p.Desc {
			direction = " DESC"
		}
		b.WriteString(" ORDER BY " + strings.Join(columns(key), direction+", ") + direction)
	}
	b.WriteString(" LIMIT ?")
	return b.String(), append(args, p.Limit)
}

// tally groups in the order of the index, so that nothing is sorted. One document of each group comes along to tell the
// kinds of the values.
func tally(s *store.Schema, p store.Plan, fields []string) (string, []any) {
	where, args := conditions(p)
	group := strings.Join(columns(fields), ", ")
	inner := "SELECT "
	for _, f := range fields {
		inner += column(f) + ", "
	}
	inner += "min(rowid) AS sample, count(*) AS n FROM " + table(s)
	if p.Index != nil {
		inner += " INDEXED BY " + quote(indexName(s, p.Index))
	}
	inner += " WHERE " + where
	if len(fields) == 0 {
		return "SELECT t.doc, g.n FROM (" + inner + ") g LEFT JOIN " + table(s) + " t ON t.rowid = g.sample", args
	}
	inner += " GROUP BY " + group + " ORDER BY " + group
	outer := "SELECT "
	for _, f := range fields {
		outer += "g." + column(f) + ", "
	}
	return outer + "t.doc, g.n FROM (" + inner + ") g CROSS JOIN " + table(s) + " t ON t.rowid = g.sample", args
}

func conditions(p store.Plan) (string, []any) {
	var terms []string
	var args []any
	for i, v := range p.Equal {
		terms = append(terms, column(p.Index.Fields[i])+" = ?")
		args = append(args, parameter(v))
	}
	key := p.Key()
	low, high := p.Low, p.High
	if p.Cursor != nil {
		past := " > "
		if p.Desc {
			past = " < "
		}
		key := sortKey(p)
		cursor := p.Cursor[:len(key)]
		if len(key) == 1 {
			terms = append(terms, column(key[0])+past+"?")
		} else if len(key) > 1 {
			terms = append(terms, "("+strings.Join(columns(key), ", ")+")"+past+"("+strings.Repeat("?, ", len(key)-1)+"?)")
		}
		args = append(args, parameters(cursor)...)
		// The cursor lies within the range; the bound behind it would only make SQLite choose between the two.
		if p.Desc {
			high = nil
		} else {
			low = nil
		}
	}
	if low != nil {
		terms = append(terms, column(key[0])+" >= ?")
		args = append(args, parameter(low))
	}
	if high != nil {
		terms = append(terms, column(key[0])+" < ?")
		args = append(args, parameter(high))
	}
	if len(terms) == 0 {
		terms = append(terms, column(key[0])+" >= "+least(key[0]))
	}
	return strings.Join(terms, " AND "), args
}

// least is below everything that a column can hold: numbers come before text. Without any condition SQLite would call the
// same walk a scan.
func least(field string) string {
	if field == store.IDField {
		return "''"
	}
	return "-9e999"
}

// indexName is unique in the file, as SQLite wants it.
func indexName(s *store.Schema, x *store.Index) string { return tablePrefix + s.Name + "__" + x.Name() }

// sortKey is the plan's key, without the id where a unique index has put its documents in order already: asking for more
// would make SQLite sort.
func sortKey(p store.Plan) []string {
	key := p.Key()
	if p.Index != nil && p.Index.Unique {
		return key[:len(key)-1]
	}
	return key
}
