package origin

import (
	"errors"
	"io/fs"
	"os"
	"sync/atomic"

	"github.com/oschwald/maxminddb-golang/v2"
	"go.uber.org/zap"
)

// database is a file in MaxMind's format, read again when it changes.
type database struct {
	file   string
	logger *zap.Logger

	// The reader in use; nil if there is no database. A lookup uses one reader from its start to its end.
	reader atomic.Pointer[maxminddb.Reader]

	// Used by refresh only: the file as it was read last, and its last problem.
	read    os.FileInfo
	problem string
}

// refresh reads the file where it has changed. A file that is gone is no longer used. One that is there but broken, as in the
// middle of being written, does not replace the last good one. Each change of state is logged once.
func (d *database) refresh() {
	info, err := os.Stat(d.file)
	if err == nil && d.read != nil && os.SameFile(info, d.read) &&
		info.ModTime().Equal(d.read.ModTime()) && info.Size() == d.read.Size() {
		return
	}
	reader, err := open(d.file)
	if err != nil {
		d.read = nil
		if errors.Is(err, fs.ErrNotExist) {
			d.reader.Store(nil)
		}
		d.warn(err.Error())
		return
	}
	d.reader.Store(reader)
	d.read, d.problem = info, ""
	d.logger.Info("The database is in use.",
		zap.String("type", reader.Metadata.DatabaseType), zap.Time("built", reader.Metadata.BuildTime()))
}

func (d *database) warn(problem string) {
	if problem == d.problem {
		return
	}
	d.problem = problem
	message := "The database cannot be read; what it would say is absent from the reports."
	if d.reader.Load() != nil {
		message = "The database cannot be read; the one that was read before stays in use."
	}
	d.logger.Warn(message, zap.String("problem", problem))
}

// open reads the whole file into memory. A mapped file would end the process when somebody overwrites it, and would have to stay
// open until the last lookup is done.
func open(file string) (*maxminddb.Reader, error) {
	bytes, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	return maxminddb.OpenBytes(bytes)
}
