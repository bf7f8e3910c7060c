// Package store keeps documents: Go structs with bson tags under a string id.
//
// Two engines implement it, store/sqlite (one file, nothing to install) and store/mongodb. Both keep the same BSON bytes, so that
// data can move from one to the other. The rules that make the two behave alike:
//
//   - Nothing scans. Every query names equalities on a prefix of a declared index, then at most one range; a query that no index
//     covers is an error at its first call, on both engines.
//   - One order: the index's remaining fields, then the id. Paging is by key, never by offset.
//   - Indexed fields hold a string, an integer, a bool or a time; never null, absent or an array. Such a document is refused.
//   - One document is one transaction. Update reads, changes and swaps on the revision until nobody came between.
//   - Times are kept in milliseconds; cut them at the clock, so that what comes back equals what went in.
package store

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// MaxDocument is the largest document in bytes. MongoDB's own limit is 16 MiB; half of it leaves room for growth.
const MaxDocument = 8 << 20

// MaxID is the longest id, MaxIndexed the longest text in an indexed field, in bytes: a cursor that names them stays small enough for an address.
const (
	MaxID      = 400
	MaxIndexed = 500
)

// ErrUncovered says that no declared index covers a query. It is a mistake in the program, not in its input.
var ErrUncovered = errors.New("no declared index covers this query")

// ErrUnindexable says that an indexed field is null, absent, an array or of another type that the engines would order differently.
var ErrUnindexable = errors.New("indexed field must be a string, an integer, a bool or a time")

// Engine is what a database must be able to do. Features never call it: they open a Collection or Counters on it.
// A schema is handed over by pointer and stays the same for the engine's life. Every method is bounded by its context.
type Engine interface {
	// Prepare makes room for the schema's documents: tables and columns, no new index yet.
	Prepare(ctx context.Context, s *Schema) error
	// Index brings the indexes in line with the schema and fills them from the documents that are there. It fails with
	// fault.Conflict when documents break a unique index and with ErrUnindexable when one lacks an indexed field.
	Index(ctx context.Context, s *Schema) error
	// Fetch returns the document with this id, or fault.NotFound.
	Fetch(ctx context.Context, s *Schema, id string) (Document, error)
	// Insert adds the documents whose id and unique fields are free and returns the ids of the others.
	Insert(ctx context.Context, s *Schema, docs []Document) (refused []string, err error)
	// Swap replaces the document with doc's id if its revision is still rev, and says whether it was. It fails with
	// fault.Conflict when the new fields break a unique index.
	Swap(ctx context.Context, s *Schema, doc Document, rev int64) (bool, error)
	// Remove deletes one document, or fails with fault.NotFound.
	Remove(ctx context.Context, s *Schema, id string) error
	// RemoveSome deletes at most p.Limit documents of the plan and returns how many.
	RemoveSome(ctx context.Context, s *Schema, p Plan) (int, error)
	// Walk returns at most p.Limit documents in the plan's order.
	Walk(ctx context.Context, s *Schema, p Plan) ([]Document, error)
	// Tally counts the plan's documents by the values of the given fields, in the plan's order.
	Tally(ctx context.Context, s *Schema, p Plan, fields []string) ([]Group, error)
	// Add adds n to a whole-number field of a counter document, atomically, and creates what is absent.
	Add(ctx context.Context, s *Schema, id, field string, n int64) error
	// Now is the clock that leases go by.
	Now() time.Time
	// Names lists every collection that is there.
	Names(ctx context.Context) ([]string, error)
	// Ping fails with fault.Unavailable when the database does not answer.
	Ping(ctx context.Context) error
	// Close lets go of everything. What was acknowledged before is safe.
	Close() error
}

// Document is one document as the engines pass it on.
type Document struct {
	ID  string
	Rev int64    // another one after every write
	Raw bson.Raw // the whole document: _id first, _rev and _v last
}

// Group is one row of a tally.
type Group struct {
	Values []any // string, int64, bool or time.Time, in the order of the fields asked for
	N      int64
}

// Text returns the i-th value as a string.
func (g Group) Text(i int) string { s, _ := g.Values[i].(string); return s }

// Index is an ordered list of top-level fields; the id always follows as the last one.
type Index struct {
	Fields []string
	Unique bool
}

// On declares an index.
func On(fields ...string) Index { return Index{Fields: fields} }

// Unique declares an index whose values may stand in one document only. An optional value holds a sentinel such as "none:<id>".
func Unique(fields ...string) Index { return Index{Fields: fields, Unique: true} }

// Name returns the same name for the same declaration.
func (x Index) Name() string {
	kind := "ix_"
	if x.Unique {
		kind = "ux_"
	}
	return kind + strings.Join(x.Fields, "__")
}

// Schema declares a collection: its name, its indexes and how old documents become new ones.
type Schema struct {
	Name       string
	Indexes    []Index
	Version    int32       // of the documents' shape; 1 when zero
	Migrations []Migration // one for each version from 2 on

	// SecretHistory draws revisions by lot instead of counting them, for documents whose number of writes would tell something.
	SecretHistory bool
}

// Fields is a document's content by field name, for migrations.
type Fields = bson.M

// Migration turns a document of version To-1 into one of version To. It must not depend on anything but the document.
type Migration struct {
	To     int32
	Change func(Fields) error
}

// IndexedFields returns every indexed field once, in the order of declaration.
func (s *Schema) IndexedFields() []string {
	var all []string
	for _, x := range s.Indexes {
		for _, f := range x.Fields {
			if !slices.Contains(all, f) {
				all = append(all, f)
			}
		}
	}
	return all
}

var nameRule = regexp.MustCompile(`^[a-z][a-z0-9_]{0,39}$`)

func (s *Schema) check() error {
	if !nameRule.MatchString(s.Name) {
		return fmt.Errorf("store: collection name %q must match %s", s.Name, nameRule)
	}
	seen := map[string]bool{}
	for _, x := range s.Indexes {
		if len(x.Fields) == 0 || len(x.Fields) > 6 {
			return fmt.Errorf("store %s: an index has one to six fields", s.Name)
		}
		if seen[x.Name()] {
			return fmt.Errorf("store %s: index %s is declared twice", s.Name, x.Name())
		}
		seen[x.Name()] = true
		for _, f := range x.Fields {
			if !nameRule.MatchString(f) {
				return fmt.Errorf("store %s: field name %q must match %s", s.Name, f, nameRule)
			}
		}
	}
	if s.Version == 0 {
		s.Version = 1
	}
	if int(s.Version)-1 != len(s.Migrations) {
		return fmt.Errorf("store %s: version %d wants %d migrations and has %d", s.Name, s.Version, s.Version-1, len(s.Migrations))
	}
	for i, m := range s.Migrations {
		if m.To != int32(i)+2 || m.Change == nil {
			return fmt.Errorf("store %s: migration %d must lead to version %d", s.Name, i, i+2)
		}
	}
	return nil
}
