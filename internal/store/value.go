package store

import (
	"cmp"
	"fmt"
	"reflect"
	"strings"
	"time"
	"unicode/utf8"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/upstander/upstander/internal/fault"
)

// value brings what a caller passes to a query into one of the four kinds that an index can hold: string, int64, bool or
// time.Time in UTC milliseconds. Both engines order each kind alike: strings by their bytes, false before true.
func value(v any) (any, error) {
	switch v := v.(type) {
	case string:
		return v, checkText(v)
	case bool:
		return v, nil
	case time.Time:
		return v.UTC().Truncate(time.Millisecond), nil
	}
	r := reflect.ValueOf(v)
	switch r.Kind() {
	case reflect.String:
		return r.String(), checkText(r.String())
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return r.Int(), nil
	case reflect.Bool:
		return r.Bool(), nil
	}
	return nil, fmt.Errorf("%w, not %T", ErrUnindexable, v)
}

func checkText(s string) error {
	if !utf8.ValidString(s) {
		return fmt.Errorf("%w: text is not valid UTF-8", fault.Invalid)
	}
	return nil
}

// Indexed reads a top-level field of a document as an index value.
func Indexed(doc bson.Raw, field string) (any, error) {
	rv, err := doc.LookupErr(field)
	if err != nil {
		return nil, fmt.Errorf("%w: %s is absent", ErrUnindexable, field)
	}
	v, err := fromBSON(rv)
	if err != nil {
		return nil, fmt.Errorf("field %s: %w", field, err)
	}
	return v, nil
}

func fromBSON(rv bson.RawValue) (any, error) {
	switch rv.Type {
	case bson.TypeString:
		s := rv.StringValue()
		return s, checkText(s)
	case bson.TypeInt32:
		return int64(rv.Int32()), nil
	case bson.TypeInt64:
		return rv.Int64(), nil
	case bson.TypeBoolean:
		return rv.Boolean(), nil
	case bson.TypeDateTime:
		return rv.Time().UTC(), nil
	}
	return nil, fmt.Errorf("%w, not %s", ErrUnindexable, rv.Type)
}

// compare orders two values of the same kind as the engines do; values of different kinds are not comparable.
func compare(a, b any) (int, bool) {
	switch a := a.(type) {
	case string:
		b, ok := b.(string)
		return strings.Compare(a, b), ok
	case int64:
		b, ok := b.(int64)
		return cmp.Compare(a, b), ok
	case bool:
		b, ok := b.(bool)
		return cmp.Compare(rank(a), rank(b)), ok
	case time.Time:
		b, ok := b.(time.Time)
		return a.Compare(b), ok
	}
	return 0, false
}

func rank(b bool) int {
	if b {
		return 1
	}
	return 0
}

// afterPrefix returns the least string greater than every string that starts with prefix, and false when there is none.
// It counts in code points, whose order is also the order of their UTF-8 bytes, so that the bound stays valid text.
func afterPrefix(prefix string) (string, bool) {
	runes := []rune(prefix)
	for i := len(runes) - 1; i >= 0; i-- {
		if runes[i] == utf8.MaxRune {
			continue
		}
		next := runes[i] + 1
		if next == 0xD800 { // surrogates are no characters
			next = 0xE000
		}
		return string(append(runes[:i:i], next)), true
	}
	return "", false
}
