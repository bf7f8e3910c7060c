package requirement

import (
	"cmp"
	"context"
	"errors"
	"hash/maphash"
	"io"
	"slices"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/upstander/upstander/internal/people"
)

// Import says how a roster file is to be taken.
type Import struct {
	DryRun   bool // nothing is written
	Complete bool // whoever is not in the file has left
	// Progress is told how many lines are done; total 0 means that nobody knows. It may be nil.
	Progress func(done, total int64)
	// Fault is told of every fault as it is found, one at a time: in the order of rows, but for those that clash with somebody who is there. It may be nil.
	Fault func(Fault)
}

// Report says what an import did, or would do.
type Report struct {
	Outcome Outcome  `bson:"outcome"`
	Faults  []Fault  `bson:"faults"`  // at most maxFaults
	More    int      `bson:"more"`    // further faults that are not listed
	Ignored []string `bson:"ignored"` // columns that this program does not know
	Refused bool     `bson:"refused"` // the whole file: nothing of it was taken
}

// Outcome counts what an import did, or would do.
type Outcome struct {
	Rows    int `bson:"rows"`
	Added   int `bson:"added"`
	Changed int `bson:"changed"`
	Same    int `bson:"same"`
	Closed  int `bson:"closed"` // left, as the roster or its silence says
	Wrong   int `bson:"wrong"`  // rows that were left out
}

// maxFaults is how many faults a report lists: whoever has more than that looks at the file anyway.
const maxFaults = 500

// Limits on cells, in characters.
const (
	maxExternalID = 60
	maxCell       = 100
	maxLabels     = 20
)

// Work of an import: rows that are put in order before they are written, rows that go together, how many such batches at once, and how many rows the
// columns are checked by.
const (
	orderRows = 20_000
	batchRows = 2_000
	workers   = 3
	peekRows  = 200
)

// fault keeps the first faults and counts the others; whoever wants to is told of them all.
func (im *importer) fault(f Fault) {
	if im.how.Fault != nil {
		im.how.Fault(f)
	}
	if r := &im.report; len(r.Faults) < maxFaults {
		r.Faults = append(r.Faults, f)
	} else {
		r.More++
	}
}

// Import brings a roster file onto an institution's roster, and standings after it. Rows that are wrong are left out and reported; the others are
// taken. The same file again changes nothing. fault.Conflict while another import of the same institution runs.
func (s *Service) Import(ctx context.Context, institution string, src Source, how Import) (Report, error) {
	in, err := s.cfg.Institutions.Institution(institution)
	if err != nil {
		return Report{}, err
	}
	t, err := openTable(src)
	if errors.Is(err, errUnreadable) {
		whole := reason(err)
		if how.Fault != nil {
			how.Fault(whole)
		}
		return Report{Refused: true, Faults: []Fault{whole}}, nil
	}
	if err != nil {
		return Report{}, err
	}
	defer t.close()
	if how.Progress == nil {
		how.Progress = func(int64, int64) {}
	}
	im := &importer{s: s, institution: in, table: t, how: how, seen: map[uint64]int{}, seed: maphash.MakeSeed(), today: s.cfg.Today()}
	if stop, err := im.begin(); stop || err != nil {
		return im.report, err
	}
	if how.DryRun {
		return im.run(ctx)
	}
	hold, err := s.store.holdRoster(ctx, institution)
	if err != nil {
		return im.report, err
	}
	defer hold.release(ctx)
	im.lease = hold.renew
	return im.run(ctx)
}

// importer reads one file.
type importer struct {
	s           *Service
	institution *people.Institution
	table       *table
	how         Import
	today       string
	header      header
	ahead       []line // read to look at the columns
	seed        maphash.Seed
	seen        map[uint64]int // digests of ids and addresses, and their rows: a few bytes for each, however long the file is
	lease       func(context.Context) error

	mu     sync.Mutex
	report Report
	done   int
}

// begin reads the first row and enough of the others to see whether columns are what they are called.
func (im *importer) begin() (stop bool, err error) {
	first, err := im.table.next()
	if errors.Is(err, io.EOF) || err == nil && len(first.cells) == 0 {
		im.fault(Fault{Key: "roster.empty"})
		im.report.Refused = true
		return true, nil
	}
	if err != nil {
		return im.unreadable(err)
	}
	im.header = readHeader(slices.Clone(first.cells))
	im.report.Ignored = im.header.ignored
	for len(im.ahead) < peekRows && len(im.header.faults) == 0 {
		l, err := im.table.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return im.unreadable(err)
		}
		l.cells = slices.Clone(l.cells)
		im.ahead = append(im.ahead, l)
	}
	faults := im.header.faults
	if len(faults) == 0 {
		faults = im.header.swapped(im.ahead)
	}
	for _, f := range faults {
		im.fault(f)
	}
	im.report.Refused = len(faults) > 0
	return im.report.Refused, nil
}

// unreadable turns a file that breaks off into a report.
func (im *importer) unreadable(err error) (bool, error) {
	if !errors.Is(err, errUnreadable) {
		return true, err
	}
	im.fault(reason(err))
	im.report.Refused = true
	return true, nil
}

func (im *importer) next() (line, error) {
	if len(im.ahead) > 0 {
		l := im.ahead[0]
		im.ahead = im.ahead[1:]
		return l, nil
	}
	return im.table.next()
}

// run takes the rows, batch by batch.
func (im *importer) run(ctx context.Context) (Report, error) {
	e, err := im.s.enrolment(ctx, im.institution.ID, im.how.DryRun, im.clash)
	if err != nil {
		return im.report, err
	}
	if err := e.begin(ctx); err != nil {
		return im.report, err
	}
	work, working := errgroup.WithContext(ctx)
	work.SetLimit(workers)
	err = im.batches(working, func(rows []Row, done int) {
		if !e.long && len(rows) == batchRows { // the first batch of many
			e.long = true
		}
		work.Go(func() error {
			if err := e.add(working, rows); err != nil {
				return err
			}
			im.progress(done)
			return im.renew(working)
		})
	})
	if err = errors.Join(work.Wait(), err); err != nil {
		return im.report, err
	}
	if im.how.Complete && !im.report.Refused {
		if err := e.closeMissing(ctx, func(id string) bool { return im.known(id) }); err != nil {
			return im.report, err
		}
	}
	if err := e.end(ctx); err != nil {
		return im.report, err
	}
	rows := im.report.Outcome
	im.report.Outcome = e.outcome
	im.report.Outcome.Rows, im.report.Outcome.Wrong = rows.Rows, rows.Wrong
	im.how.Progress(int64(rows.Rows), int64(rows.Rows))
	slices.SortStableFunc(im.report.Faults, func(a, b Fault) int { return a.Row - b.Row })
	return im.report, nil
}

// batches cuts the file into batches of clean rows. Neighbours in a place become neighbours in a batch, for they stand beside each other in the indexes:
// a file in any other order would have every row write its own pages.
func (im *importer) batches(ctx context.Context, take func(rows []Row, done int)) error {
	var rows []Row
	cut := func(done int) {
		slices.SortStableFunc(rows, func(a, b Row) int {
			return cmp.Or(strings.Compare(a.Cohort, b.Cohort), strings.Compare(a.Department, b.Department), strings.Compare(a.Level, b.Level))
		})
		left := len(rows)
		for batch := range slices.Chunk(rows, batchRows) {
			left -= len(batch)
			take(batch, done-left)
		}
		rows = make([]Row, 0, orderRows)
	}
	for ctx.Err() == nil {
		l, err := im.next()
		if errors.Is(err, errUnreadable) {
			im.mu.Lock()
			im.fault(Fault{Row: im.report.Outcome.Rows + 2, Key: "roster.unreadable-from"})
			im.report.Outcome.Wrong++
			im.report.Refused = im.how.Complete // whoever stands behind must not count as gone
			im.mu.Unlock()
			err = io.EOF
		}
		if errors.Is(err, io.EOF) {
			cut(im.report.Outcome.Rows)
			return nil
		}
		if err != nil {
			return err
		}
		if r, ok := im.row(l); ok {
			rows = append(rows, r)
		}
		if len(rows) == orderRows {
			cut(l.n)
		}
	}
	return ctx.Err()
}

// progress tells how far the file is done. Batches end in any order.
func (im *importer) progress(done int) {
	im.mu.Lock()
	defer im.mu.Unlock()
	im.done = max(im.done, done)
	im.how.Progress(int64(im.done), int64(max(im.table.total, im.done+1)))
}

func (im *importer) renew(ctx context.Context) error {
	if im.lease == nil {
		return nil
	}
	return im.lease(ctx)
}

// clash is told of a row that cannot be taken because of somebody who is there.
func (im *importer) clash(n int, column, key string) {
	im.mu.Lock()
	defer im.mu.Unlock()
	im.report.Outcome.Wrong++
	im.fault(Fault{Row: n, Column: im.header.labelOf(column), Key: key})
}

// row checks one line and makes a row of it; false when it is empty or wrong.
func (im *importer) row(l line) (Row, bool) {
	if !l.broken && !slices.ContainsFunc(l.cells, func(c string) bool { return strings.TrimSpace(c) != "" }) && l.formula == (columns{}) {
		return Row{}, false
	}
	c := &checker{im: im, line: l}
	r := c.row()
	im.mu.Lock()
	defer im.mu.Unlock()
	im.report.Outcome.Rows++
	if len(c.faults) == 0 {
		im.twice(c, colID, "i"+r.ExternalID)
		im.twice(c, colEmail, "e"+r.Email)
	} else if r.ExternalID != "" {
		im.seen[im.digest("i"+r.ExternalID)] = l.n // whoever has a wrong row has not left
	}
	for _, f := range c.faults {
		im.fault(f)
	}
	if len(c.faults) > 0 {
		im.report.Outcome.Wrong++
	}
	return r, len(c.faults) == 0
}

func (im *importer) digest(text string) uint64 { return maphash.String(im.seed, text) }

// twice finds a value that an earlier row has.
func (im *importer) twice(c *checker, column, value string) {
	key := im.digest(value)
	if first, ok := im.seen[key]; ok {
		c.fault(column, "roster.twice", strconv.Itoa(first))
		return
	}
	im.seen[key] = c.line.n
}

func (im *importer) known(externalID string) bool {
	_, ok := im.seen[im.digest("i"+externalID)]
	return ok
}
