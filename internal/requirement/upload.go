package requirement

import (
	"context"
	"errors"
	"io"
	"slices"
	"time"

	"github.com/upstander/upstander/internal/fault"
	"github.com/upstander/upstander/internal/people"
)

// Upload is a roster file on its way: it is checked first, and imported when staff have seen what that would do. The file itself is forgotten as soon
// as it has been imported, or after a day.
type Upload struct {
	ID           string    `bson:"_id"`
	Institution  string    `bson:"institution"`
	By           string    `bson:"by"` // person
	Name         string    `bson:"name"`
	Size         int       `bson:"size"`
	At           time.Time `bson:"at"`
	Day          string    `bson:"day"` // civil day of it
	State        string    `bson:"state"`
	Complete     bool      `bson:"complete"` // whoever is not in the file has left
	Report       Report    `bson:"report"`   // of the check, then of the import
	Done         int64     `bson:"done"`     // lines
	Total        int64     `bson:"total"`
	Pending      string    `bson:"pending"` // PendingWork or PendingNothing
	Tries        int       `bson:"tries"`   // begun and not ended, since its state has changed
	ClaimedUntil time.Time `bson:"claimed_until"`
}

// States of an upload.
const (
	Checking  = "checking"
	Checked   = "checked"
	Importing = "importing"
	Imported  = "imported"
	GivenUp   = "given-up" // the server has ended in the middle of it, several times
)

// UploadStates lists every state.
func UploadStates() []string { return []string{Checking, Checked, Importing, Imported, GivenUp} }

// PendingWork marks an upload that waits to be checked or imported.
const PendingWork = "work"

// MaxUpload is the largest file that a page takes, in bytes: some 100,000 rows of text. The command takes larger ones.
const MaxUpload = 16 << 20

// small files are checked and imported at once, in bytes.
const small = 64 << 10

// How long a file waits for its import, and a report to be read.
const (
	keepFile   = 24 * time.Hour
	keepReport = 30 * 24 * time.Hour
)

// Upload keeps a file and has it checked; fault.Problems on "file".
func (s *Service) Upload(ctx context.Context, by people.Person, name string, complete bool, content []byte) (Upload, error) {
	if len(content) == 0 {
		return Upload{}, fault.Problems{{Field: "file", Key: "roster.file-missing"}}
	}
	name, err := people.CleanName(name, "file")
	if err != nil {
		name = ""
	}
	u := Upload{
		ID: s.cfg.NewID(), Institution: by.Institution, By: by.ID, Name: name, Size: len(content), At: s.cfg.Now(), Day: s.cfg.Today(), State: Checking, Complete: complete,
		Report: Report{Faults: []Fault{}, Ignored: []string{}}, Pending: PendingWork,
	}
	if err := s.store.insertUpload(ctx, u, content); err != nil {
		return Upload{}, err
	}
	return s.soon(ctx, u)
}

// soon does what a small upload waits for; a large one is left to the sweeper.
func (s *Service) soon(ctx context.Context, u Upload) (Upload, error) {
	if u.Size > small {
		return u, nil
	}
	if err := s.work(ctx, u.ID); err != nil && !errors.Is(err, errStale) {
		return Upload{}, err
	}
	return s.store.upload(ctx, u.ID)
}

// UploadOf returns an institution's upload, or fault.NotFound.
func (s *Service) UploadOf(ctx context.Context, institution, id string) (Upload, error) {
	u, err := s.store.upload(ctx, id)
	if err == nil && u.Institution != institution {
		err = fault.NotFound
	}
	return u, err
}

// Uploads lists an institution's latest uploads.
func (s *Service) Uploads(ctx context.Context, institution string) ([]Upload, error) {
	return s.store.uploadsOf(ctx, institution)
}

// Confirm has a checked file imported; fault.Conflict when it is not waiting for that.
func (s *Service) Confirm(ctx context.Context, u Upload) (Upload, error) {
	u, err := s.store.updateUpload(ctx, u.ID, func(u *Upload) error {
		if u.State != Checked || u.Report.Refused {
			return fault.Conflict
		}
		u.State, u.Pending, u.ClaimedUntil, u.Done = Importing, PendingWork, time.Time{}, 0
		u.Tries = 0
		return nil
	})
	if err != nil {
		return u, err
	}
	return s.soon(ctx, u)
}

// Discard forgets an upload that is not being imported.
func (s *Service) Discard(ctx context.Context, u Upload) error {
	if u.State == Importing {
		return fault.Conflict
	}
	return s.store.removeUpload(ctx, u.ID)
}

// Work checks and imports what waits, and forgets what has waited too long.
func (s *Service) Work(ctx context.Context) error {
	waiting, err := s.store.pendingUploads(ctx, s.cfg.Now())
	if err != nil {
		return err
	}
	for _, u := range waiting {
		if err := s.work(ctx, u.ID); err != nil && !errors.Is(err, errStale) {
			return err
		}
	}
	return s.forgetOld(ctx)
}

// workFor is how long an upload may show no sign of progress before another server takes it over.
const workFor = 30 * time.Second

// maxTries is how often a file is begun on. One that ends the server would do so again after every start.
const maxTries = 3

// work claims an upload and brings it one state further. A file whose roster is busy waits for a moment.
func (s *Service) work(ctx context.Context, id string) error {
	u, err := s.store.updateUpload(ctx, id, func(u *Upload) error {
		if u.Pending != PendingWork || u.ClaimedUntil.After(s.cfg.Now()) {
			return errStale
		}
		if u.Tries >= maxTries {
			u.State, u.Pending, u.Report = GivenUp, PendingNothing, Report{Refused: true, Faults: []Fault{}, Ignored: []string{}}
			return nil
		}
		u.Tries, u.ClaimedUntil = u.Tries+1, s.cfg.Now().Add(workFor)
		return nil
	})
	if err != nil {
		return err
	}
	if u.State == GivenUp {
		s.cfg.Log.WarnContext(ctx, "roster file given up", "upload", id)
		return s.store.forgetFile(ctx, id)
	}
	last := s.cfg.Now()
	progress := func(done, total int64) {
		if s.cfg.Now().Sub(last) < time.Second {
			return
		}
		last = s.cfg.Now()
		_, err := s.store.updateUpload(ctx, id, func(u *Upload) error {
			u.Done, u.Total, u.ClaimedUntil = done, total, last.Add(workFor)
			return nil
		})
		if err != nil && ctx.Err() == nil {
			s.cfg.Log.WarnContext(ctx, "progress of an import not noted", "error", err.Error())
		}
	}
	report, err := s.Import(ctx, u.Institution, s.source(ctx, u), Import{DryRun: u.State == Checking, Complete: u.Complete, Progress: progress})
	if err != nil {
		return s.putBack(ctx, id, err)
	}
	u, err = s.store.updateUpload(ctx, id, func(u *Upload) error {
		u.Report, u.Pending, u.ClaimedUntil = report, PendingNothing, time.Time{}
		u.Tries = 0
		u.Report.Faults, u.Report.Ignored = slices.Concat([]Fault{}, report.Faults), slices.Concat([]string{}, report.Ignored)
		if u.State == Checking {
			u.State = Checked
		} else {
			u.State = Imported
		}
		return nil
	})
	if err == nil && u.State == Imported {
		err = s.store.forgetFile(ctx, id)
	}
	return err
}

// putBack leaves an upload for later. What has ended with an error has not ended the server, and is not counted.
func (s *Service) putBack(ctx context.Context, id string, why error) error {
	_, err := s.store.updateUpload(context.WithoutCancel(ctx), id, func(u *Upload) error {
		u.Tries = max(u.Tries-1, 0)
		return nil
	})
	if errors.Is(why, fault.Conflict) {
		why = nil // the claim runs out, and the roster may be free then
	}
	return errors.Join(why, err)
}

// source is an upload's file.
func (s *Service) source(ctx context.Context, u Upload) Source {
	return Source{Name: u.Name, Open: func() (io.ReadCloser, error) { return s.store.uploaded(ctx, u.ID), nil }}
}

func (s *Service) forgetOld(ctx context.Context) error {
	old, err := s.store.oldUploads(ctx, s.cfg.Now().Add(-keepFile))
	for _, u := range old {
		if err == nil && (u.State == Checked || u.At.Before(s.cfg.Now().Add(-keepReport))) {
			err = s.store.removeUpload(ctx, u.ID)
		}
	}
	return err
}
