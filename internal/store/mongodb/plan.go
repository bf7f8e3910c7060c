package mongodb

import (
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/upstander/upstander/internal/store"
)

// filter writes the conditions of a plan. Beyond a cursor it names every further field in an $or, and the first of them once
// more outside, so that the server can bound its walk of the index.
func filter(p store.Plan) bson.D {
	f := equalities(p)
	key := p.Key()
	low, high := p.Low, p.High
	if p.Cursor != nil {
		f = append(f, bson.E{Key: "$or", Value: beyond(key, p)})
		if p.Desc {
			return append(f, bounds(key[0], low, nil, bson.E{Key: "$lte", Value: p.Cursor[0]})...)
		}
		return append(f, bounds(key[0], nil, high, bson.E{Key: "$gte", Value: p.Cursor[0]})...)
	}
	return append(f, bounds(key[0], low, high)...)
}

func equalities(p store.Plan) bson.D {
	f := bson.D{}
	for i, v := range p.Equal {
		f = append(f, bson.E{Key: p.Index.Fields[i], Value: v})
	}
	return f
}

func bounds(field string, low, high any, more ...bson.E) bson.D {
	terms := bson.D(more)
	if low != nil {
		terms = append(terms, bson.E{Key: "$gte", Value: low})
	}
	if high != nil {
		terms = append(terms, bson.E{Key: "$lt", Value: high})
	}
	if len(terms) == 0 {
		return nil
	}
	return bson.D{{Key: field, Value: terms}}
}

// beyond spells out a comparison of rows: a > x, or a = x and b > y, or …
func beyond(key []string, p store.Plan) bson.A {
	past := "$gt"
	if p.Desc {
		past = "$lt"
	}
	var any bson.A
	for i := range key {
		term := bson.D{}
		for j := range i {
			term = append(term, bson.E{Key: key[j], Value: p.Cursor[j]})
		}
		any = append(any, append(term, bson.E{Key: key[i], Value: bson.D{{Key: past, Value: p.Cursor[i]}}}))
	}
	return any
}

func order(p store.Plan) bson.D {
	direction := 1
	if p.Desc {
		direction = -1
	}
	o := bson.D{}
	if p.Index != nil {
		for _, f := range p.Index.Fields {
			o = append(o, bson.E{Key: f, Value: direction})
		}
		if p.Index.Unique {
			return o
		}
	}
	return append(o, bson.E{Key: store.IDField, Value: direction})
}
