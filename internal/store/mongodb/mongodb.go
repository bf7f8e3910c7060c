// Package mongodb keeps documents in MongoDB, for deployments of more than one server.
//
// Writes are acknowledged by a majority and journalled; every call is bounded in time. Only what the whole family of MongoDB
// servers offers is used: no transactions, no change streams, no server-side time.
package mongodb

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
	"go.mongodb.org/mongo-driver/v2/mongo/readconcern"
	"go.mongodb.org/mongo-driver/v2/mongo/readpref"
	"go.mongodb.org/mongo-driver/v2/mongo/writeconcern"

	"github.com/upstander/upstander/internal/fault"
	"github.com/upstander/upstander/internal/store"
)

// How long a server may take to be found, and a call whose context has no nearer deadline may last.
const (
	selectionTimeout = 3 * time.Second
	callTimeout      = 10 * time.Second
)

// defaultDatabase is used when the address names none.
const defaultDatabase = "upstander"

// Engine is one database of a MongoDB deployment. It implements store.Engine.
type Engine struct {
	client *mongo.Client
	db     *mongo.Database
	now    func() time.Time
}

// Open connects to mongodb://… or mongodb+srv://…; the path names the database ("upstander" when absent). It fails at once when
// no server answers. now is the clock that leases go by.
func Open(ctx context.Context, address string, now func() time.Time) (*Engine, error) {
	database, err := databaseOf(address)
	if err != nil {
		return nil, err
	}
	o := options.Client().ApplyURI(address).
		SetAppName("upstander").
		SetWriteConcern(writeconcern.Majority()).
		SetReadConcern(readconcern.Local()).
		SetReadPreference(readpref.Primary()).
		SetRetryWrites(true).
		SetRetryReads(true).
		SetServerSelectionTimeout(selectionTimeout).
		SetConnectTimeout(selectionTimeout).
		SetTimeout(callTimeout)
	client, err := mongo.Connect(o)
	if err != nil {
		return nil, fmt.Errorf("open MongoDB: %w", err)
	}
	e := &Engine{client: client, db: client.Database(database), now: now}
	if err := e.Ping(ctx); err != nil {
		_ = client.Disconnect(ctx)
		return nil, fmt.Errorf("open MongoDB: %w", err)
	}
	return e, nil
}

func databaseOf(address string) (string, error) {
	u, err := url.Parse(address)
	if err != nil {
		return "", fmt.Errorf("open MongoDB: the address cannot be read") // the cause would repeat the password
	}
	if name := strings.Trim(u.Path, "/"); name != "" {
		return name, nil
	}
	return defaultDatabase, nil
}

// Now implements store.Engine.
func (e *Engine) Now() time.Time { return e.now() }

// Ping implements store.Engine.
func (e *Engine) Ping(ctx context.Context) error {
	return explain(e.client.Ping(ctx, readpref.Primary()))
}

// Close implements store.Engine.
func (e *Engine) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), selectionTimeout)
	defer cancel()
	return e.client.Disconnect(ctx)
}

// Drop deletes the whole database; for tests.
func (e *Engine) Drop(ctx context.Context) error { return explain(e.db.Drop(ctx)) }

// Names implements store.Engine.
func (e *Engine) Names(ctx context.Context) ([]string, error) {
	names, err := e.db.ListCollectionNames(ctx, bson.D{})
	if err != nil {
		return nil, explain(err)
	}
	names = slices.DeleteFunc(names, func(n string) bool { return strings.HasPrefix(n, "system.") })
	slices.Sort(names)
	return names, nil
}

// Prepare implements store.Engine.
func (e *Engine) Prepare(ctx context.Context, s *store.Schema) error {
	err := e.db.CreateCollection(ctx, s.Name)
	var ce mongo.CommandError
	if errors.As(err, &ce) && ce.Code == 48 { // NamespaceExists
		return nil
	}
	return explain(err)
}

// Index implements store.Engine. MongoDB itself takes null for an absent field, so that is looked for first.
func (e *Engine) Index(ctx context.Context, s *store.Schema) error {
	c := e.db.Collection(s.Name)
	have, err := e.indexes(ctx, c)
	if err != nil {
		return err
	}
	var wanted []string
	for _, x := range s.Indexes {
		wanted = append(wanted, x.Name())
		if slices.Contains(have, x.Name()) {
			continue
		}
		if err := e.checkFields(ctx, c, x.Fields); err != nil {
			return err
		}
		keys := bson.D{}
		for _, f := range x.Fields {
			keys = append(keys, bson.E{Key: f, Value: 1})
		}
		o := options.Index().SetName(x.Name())
		if x.Unique {
			o.SetUnique(true)
		} else {
			keys = append(keys, bson.E{Key: store.IDField, Value: 1})
		}
		if _, err := c.Indexes().CreateOne(ctx, mongo.IndexModel{Keys: keys, Options: o}); err != nil {
			return fmt.Errorf("build index on %s: %w", strings.Join(x.Fields, ", "), explain(err))
		}
	}
	tidy, err := store.Alone(ctx, e, s)
	if err != nil || !tidy {
		return err
	}
	for _, name := range have {
		ours := strings.HasPrefix(name, "ix_") || strings.HasPrefix(name, "ux_")
		if ours && !slices.Contains(wanted, name) {
			err := c.Indexes().DropOne(ctx, name)
			var ce mongo.CommandError
			if err != nil && !(errors.As(err, &ce) && ce.Code == 27) { // IndexNotFound: another server was quicker
				return explain(err)
			}
		}
	}
	return nil
}

func (e *Engine) indexes(ctx context.Context, c *mongo.Collection) ([]string, error) {
	specs, err := c.Indexes().ListSpecifications(ctx)
	if err != nil {
		return nil, explain(err)
	}
	names := make([]string, len(specs))
	for i, s := range specs {
		names[i] = s.Name
	}
	return names, nil
}

func (e *Engine) checkFields(ctx context.Context, c *mongo.Collection, fields []string) error {
	for _, f := range fields {
		raw, err := c.FindOne(ctx, bson.D{{Key: f, Value: nil}}).Raw() // null or absent
		if errors.Is(err, mongo.ErrNoDocuments) {
			continue
		}
		if err != nil {
			return explain(err)
		}
		return fmt.Errorf("document %v: %w: %s is absent", raw.Lookup(store.IDField), store.ErrUnindexable, f)
	}
	return nil
}

// Fetch implements store.Engine.
func (e *Engine) Fetch(ctx context.Context, s *store.Schema, id string) (store.Document, error) {
	raw, err := e.db.Collection(s.Name).FindOne(ctx, byID(id)).Raw()
	if err != nil {
		return store.Document{}, explain(err)
	}
	return document(raw)
}

// Insert implements store.Engine.
func (e *Engine) Insert(ctx context.Context, s *store.Schema, docs []store.Document) ([]string, error) {
	raw := make([]any, len(docs))
	for i, d := range docs {
		raw[i] = d.Raw
	}
	_, err := e.db.Collection(s.Name).InsertMany(ctx, raw, options.InsertMany().SetOrdered(false))
	var bulk mongo.BulkWriteException
	if !errors.As(err, &bulk) || bulk.WriteConcernError != nil {
		return nil, explain(err)
	}
	var refused []string
	for _, we := range bulk.WriteErrors {
		if !mongo.IsDuplicateKeyError(we) {
			return nil, explain(err)
		}
		refused = append(refused, docs[we.Index].ID)
	}
	return refused, nil
}

// Swap implements store.Engine.
func (e *Engine) Swap(ctx context.Context, s *store.Schema, d store.Document, rev int64) (bool, error) {
	filter := bson.D{{Key: store.IDField, Value: d.ID}, {Key: "_rev", Value: rev}}
	r, err := e.db.Collection(s.Name).ReplaceOne(ctx, filter, d.Raw)
	if err != nil {
		return false, explain(err)
	}
	return r.MatchedCount == 1, nil
}

// Remove implements store.Engine.
func (e *Engine) Remove(ctx context.Context, s *store.Schema, id string) error {
	r, err := e.db.Collection(s.Name).DeleteOne(ctx, byID(id))
	if err != nil {
		return explain(err)
	}
	if r.DeletedCount == 0 {
		return fault.NotFound
	}
	return nil
}

// RemoveSome implements store.Engine. The plan's conditions stand beside the ids, so that a document which has changed
// meanwhile is left alone; what was found but not deleted still counts, or the caller would think itself done.
func (e *Engine) RemoveSome(ctx context.Context, s *store.Schema, p store.Plan) (int, error) {
	docs, err := e.Walk(ctx, s, p)
	if err != nil || len(docs) == 0 {
		return 0, err
	}
	ids := make(bson.A, len(docs))
	for i, d := range docs {
		ids[i] = d.ID
	}
	f := append(bson.D{{Key: store.IDField, Value: bson.D{{Key: "$in", Value: ids}}}}, equalities(p)...)
	if key := p.Key()[0]; key != store.IDField { // an id never changes
		f = append(f, bounds(key, p.Low, p.High)...)
	}
	if _, err := e.db.Collection(s.Name).DeleteMany(ctx, f); err != nil {
		return 0, explain(err)
	}
	return len(docs), nil
}

// Walk implements store.Engine.
func (e *Engine) Walk(ctx context.Context, s *store.Schema, p store.Plan) ([]store.Document, error) {
	o := options.Find().SetSort(order(p)).SetLimit(int64(p.Limit)).SetBatchSize(int32(min(p.Limit, 1001)))
	cursor, err := e.db.Collection(s.Name).Find(ctx, filter(p), o)
	if err != nil {
		return nil, explain(err)
	}
	defer cursor.Close(ctx)
	var docs []store.Document
	for cursor.Next(ctx) {
		d, err := document(slices.Clone(cursor.Current))
		if err != nil {
			return nil, err
		}
		docs = append(docs, d)
	}
	return docs, explain(cursor.Err())
}

// Tally implements store.Engine.
func (e *Engine) Tally(ctx context.Context, s *store.Schema, p store.Plan, fields []string) ([]store.Group, error) {
	id, sort := bson.D{}, bson.D{}
	for _, f := range fields {
		id = append(id, bson.E{Key: f, Value: "$" + f})
		sort = append(sort, bson.E{Key: "_id." + f, Value: 1})
	}
	stages := mongo.Pipeline{
		{{Key: "$match", Value: filter(p)}},
		{{Key: "$group", Value: bson.D{{Key: "_id", Value: id}, {Key: "n", Value: bson.D{{Key: "$sum", Value: int64(1)}}}}}},
	}
	if len(fields) == 0 {
		stages[1][0].Value.(bson.D)[0].Value = nil
	} else {
		stages = append(stages, bson.D{{Key: "$sort", Value: sort}})
	}
	cursor, err := e.db.Collection(s.Name).Aggregate(ctx, stages)
	if err != nil {
		return nil, explain(err)
	}
	defer cursor.Close(ctx)
	var groups []store.Group
	for cursor.Next(ctx) {
		g := store.Group{Values: make([]any, len(fields))}
		g.N, _ = cursor.Current.Lookup("n").AsInt64OK()
		for i, f := range fields {
			inner, _ := cursor.Current.Lookup("_id").DocumentOK()
			if g.Values[i], err = store.Indexed(inner, f); err != nil {
				return nil, err
			}
		}
		groups = append(groups, g)
	}
	if len(fields) == 0 && len(groups) == 0 && cursor.Err() == nil {
		groups = []store.Group{{Values: []any{}}} // nothing at all is one group of none, as in SQL
	}
	return groups, explain(cursor.Err())
}

// Add implements store.Engine.
func (e *Engine) Add(ctx context.Context, s *store.Schema, id, field string, n int64) error {
	change := bson.D{
		{Key: "$inc", Value: bson.D{{Key: "_rev", Value: int64(1)}, {Key: field, Value: n}}},
		{Key: "$setOnInsert", Value: bson.D{{Key: "_v", Value: int32(1)}}},
	}
	for {
		_, err := e.db.Collection(s.Name).UpdateOne(ctx, byID(id), change, options.UpdateOne().SetUpsert(true))
		if mongo.IsDuplicateKeyError(err) && ctx.Err() == nil {
			continue // two upserts met; the second finds the document now
		}
		return explain(err)
	}
}

func byID(id string) bson.D { return bson.D{{Key: store.IDField, Value: id}} }

func document(raw bson.Raw) (store.Document, error) {
	id, ok := raw.Lookup(store.IDField).StringValueOK()
	if !ok {
		return store.Document{}, fmt.Errorf("a document has the id %v, which is no text", raw.Lookup(store.IDField))
	}
	rev, _ := raw.Lookup("_rev").AsInt64OK()
	return store.Document{ID: id, Rev: rev, Raw: raw}, nil
}

// explain names the driver's errors in the program's own terms. A deadline of ours that ran out says that the server is slow
// or gone.
func explain(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, mongo.ErrNoDocuments):
		return fault.NotFound
	case mongo.IsDuplicateKeyError(err), strings.Contains(err.Error(), "UNIQUE constraint failed"): // FerretDB's words on an update
		return fmt.Errorf("%w: %w", fault.Conflict, err)
	case errors.Is(err, context.Canceled):
		return err
	case mongo.IsTimeout(err), mongo.IsNetworkError(err), errors.Is(err, mongo.ErrClientDisconnected), unreachable(err):
		return fmt.Errorf("%w: %w", fault.Unavailable, err)
	}
	return err
}

func unreachable(err error) bool {
	return strings.Contains(err.Error(), "server selection error") || strings.Contains(err.Error(), "no reachable servers")
}
