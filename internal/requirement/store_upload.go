package requirement

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/upstander/upstander/internal/fault"
	"github.com/upstander/upstander/internal/store"
)

// part is a piece of an uploaded file: upload:number.
type part struct {
	ID      string `bson:"_id"`
	Content []byte `bson:"content"`
}

const partSize = 1 << 20

// insertUpload keeps the file first: an upload that is there is whole.
func (s *requirementStore) insertUpload(ctx context.Context, u Upload, content []byte) error {
	for i := 0; i*partSize < len(content); i++ {
		p := part{fmt.Sprintf("%s:%05d", u.ID, i), content[i*partSize : min(len(content), (i+1)*partSize)]}
		if err := s.parts.Insert(ctx, p); err != nil {
			return err
		}
	}
	return s.uploads.Insert(ctx, u)
}

func (s *requirementStore) upload(ctx context.Context, id string) (Upload, error) {
	return s.uploads.Get(ctx, id)
}

func (s *requirementStore) updateUpload(ctx context.Context, id string, change func(*Upload) error) (Upload, error) {
	return s.uploads.Update(ctx, id, change)
}

// uploadsOf returns an institution's latest uploads.
func (s *requirementStore) uploadsOf(ctx context.Context, institution string) ([]Upload, error) {
	page, err := s.uploads.Find(ctx, store.Where("institution", institution).By("at").Desc().Limit(20))
	return page.Items, err
}

func (s *requirementStore) pendingUploads(ctx context.Context, now time.Time) ([]Upload, error) {
	page, err := s.uploads.Find(ctx, due(PendingWork, now))
	return page.Items, err
}

func (s *requirementStore) oldUploads(ctx context.Context, before time.Time) ([]Upload, error) {
	page, err := s.uploads.Find(ctx, store.All().Range("at", nil, before).By("at").Limit(store.MaxPage))
	return page.Items, err
}

// uploaded returns a reader of an upload's file, part by part.
func (s *requirementStore) uploaded(ctx context.Context, id string) io.ReadCloser {
	r, w := io.Pipe()
	go func() {
		for p, err := range s.parts.Each(ctx, store.All().Prefix(store.IDField, id+":")) {
			if err == nil {
				_, err = w.Write(p.Content)
			}
			if err != nil {
				w.CloseWithError(err)
				return
			}
		}
		w.Close()
	}()
	return r
}

// forgetFile removes what was uploaded; its report stays.
func (s *requirementStore) forgetFile(ctx context.Context, id string) error {
	_, err := s.parts.DeleteWhere(ctx, store.All().Prefix(store.IDField, id+":"))
	return err
}

func (s *requirementStore) removeUpload(ctx context.Context, id string) error {
	err := s.uploads.Delete(ctx, id)
	if errors.Is(err, fault.NotFound) {
		err = nil
	}
	return errors.Join(err, s.forgetFile(ctx, id))
}
