package sqlite

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/upstander/upstander/internal/fault"
	"github.com/upstander/upstander/internal/store"
)

// Backup writes a consistent copy of the file at path to target while others may go on reading and writing. The target must
// not exist; when Backup fails, nothing is left of it.
func Backup(ctx context.Context, path, target string) (err error) {
	if _, err := os.Stat(path); err != nil {
		return fmt.Errorf("back up: %w", err)
	}
	if err := absent(target); err != nil {
		return fmt.Errorf("back up: %w", err)
	}
	db, err := connect(path, 1, []string{"busy_timeout(5000)"}) // query_only would forbid VACUUM
	if err != nil {
		return err
	}
	defer db.Close()
	// SQLite writes the copy without a sync; it counts only once it is checked and on the disk under its name.
	part := target + ".part"
	if err := emptyFile(part); err != nil {
		return fmt.Errorf("back up: %w", err)
	}
	defer os.Remove(part)
	if _, err := db.ExecContext(ctx, "VACUUM INTO ?", part); err != nil {
		return fmt.Errorf("back up: %w", explain(err))
	}
	if err := Verify(ctx, part); err != nil {
		return fmt.Errorf("back up: %w", err)
	}
	return place(part, target)
}

// Restore puts a backup in the place of a store that does not exist yet, after checking it from end to end.
func Restore(ctx context.Context, backup, path string) error {
	for _, suffix := range []string{"", "-wal", "-shm", "-journal"} { // SQLite would play an old log into the restored file
		if err := absent(path + suffix); err != nil {
			return fmt.Errorf("restore: %w: move the whole store away first, %s and what starts with its name", err, filepath.Base(path))
		}
	}
	if err := Verify(ctx, backup); err != nil {
		return fmt.Errorf("restore: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("restore: %w", err)
	}
	// A copy through SQLite needs no trust in the file system's copy, and is one file whatever the backup lay in.
	if err := Backup(ctx, backup, path); err != nil {
		return fmt.Errorf("restore: %w", err)
	}
	if err := Verify(ctx, path); err != nil {
		return fmt.Errorf("restore: %w", err)
	}
	return nil
}

// emptyFile makes room for a copy that nobody else may read, not even while it is being written.
func emptyFile(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	return f.Close()
}

// Verify reads a whole file: SQLite's own check, then every document of every collection.
func Verify(ctx context.Context, path string) error {
	if _, err := os.Stat(path); err != nil {
		return err
	}
	db, err := connect(path, 1, []string{"busy_timeout(5000)", "query_only(ON)"})
	if err != nil {
		return err
	}
	defer db.Close()
	var verdict string
	if err := db.QueryRowContext(ctx, "PRAGMA integrity_check(1)").Scan(&verdict); err != nil {
		return fmt.Errorf("%s is no store: %w", filepath.Base(path), explain(err))
	}
	if verdict != "ok" {
		return fmt.Errorf("%w: %s is damaged: %s", fault.Invalid, filepath.Base(path), verdict)
	}
	e := &Engine{path: path, reads: db, now: func() time.Time { return time.Time{} }}
	names, err := e.Names(ctx)
	if err != nil {
		return err
	}
	if len(names) == 0 {
		return fmt.Errorf("%w: %s holds no collection of this program", fault.Invalid, filepath.Base(path))
	}
	for _, name := range names {
		if _, err := store.DigestOf(ctx, e, &store.Schema{Name: name}, func(int) {}); err != nil {
			return fmt.Errorf("%w: %s is damaged: %w", fault.Invalid, filepath.Base(path), err)
		}
	}
	return nil
}

func absent(path string) error {
	_, err := os.Lstat(path)
	if err == nil {
		return fmt.Errorf("%w: %s is there already", fault.Conflict, path)
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// place gives a finished file its name, durably.
func place(part, target string) error {
	f, err := os.Open(part)
	if err != nil {
		return err
	}
	err = errors.Join(f.Sync(), f.Close(), os.Rename(part, target))
	if err != nil {
		return err
	}
	dir, err := os.Open(filepath.Dir(target))
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
