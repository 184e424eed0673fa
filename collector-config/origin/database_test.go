package origin

import (
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"
)

var somewhere = netip.MustParseAddr("192.0.2.1")

func countryOf(d *database, address netip.Addr) string {
	reader := d.reader.Load()
	if reader == nil {
		return "no database"
	}
	return text(reader.Lookup(address), "country_code")
}

func watched(t *testing.T) (*database, *observer.ObservedLogs) {
	core, logs := observer.New(zap.InfoLevel)
	return &database{file: filepath.Join(t.TempDir(), "country.mmdb"), logger: zap.New(core)}, logs
}

func TestAFileThatChangesIsReadAgain(t *testing.T) {
	d, _ := watched(t)
	writeCountry(t, d.file, "DE")
	d.refresh()
	if got := countryOf(d, somewhere); got != "DE" {
		t.Fatalf("at first: %s", got)
	}
	before := d.reader.Load()
	d.refresh()
	if d.reader.Load() != before {
		t.Error("a file that did not change was read again")
	}
	// As update tools do it: written beside, and renamed into place.
	writeCountry(t, d.file+".new", "FR")
	if err := os.Rename(d.file+".new", d.file); err != nil {
		t.Fatal(err)
	}
	d.refresh()
	if got := countryOf(d, somewhere); got != "FR" {
		t.Errorf("after the change: %s", got)
	}
	if got := text(before.Lookup(somewhere), "country_code"); got != "DE" {
		t.Errorf("a lookup that began before the change says %s", got)
	}
}

func TestAFileThatIsWrittenOverInPlaceIsReadAgain(t *testing.T) {
	d, _ := watched(t)
	writeCountry(t, d.file, "DE")
	d.refresh()
	content := readFile(t, d.file)
	copy(content[strings.LastIndex(string(content), "DE"):], "IT")
	if err := os.WriteFile(d.file, content, 0o600); err != nil {
		t.Fatal(err)
	}
	// Clocks of file systems are coarse.
	if err := os.Chtimes(d.file, time.Time{}, time.Now().Add(time.Second)); err != nil {
		t.Fatal(err)
	}
	d.refresh()
	if got := countryOf(d, somewhere); got != "IT" {
		t.Errorf("after the change: %s", got)
	}
}

func TestMissingAndBrokenFilesAreToldOncePerChange(t *testing.T) {
	d, logs := watched(t)
	step := func(what, country string, messages ...string) {
		t.Helper()
		d.refresh()
		d.refresh()
		if got := countryOf(d, somewhere); got != country {
			t.Errorf("%s: the country is %s, not %s", what, got, country)
		}
		entries := logs.TakeAll()
		if len(entries) != len(messages) {
			t.Fatalf("%s: %d lines, not %d: %v", what, len(entries), len(messages), entries)
		}
		for i, message := range messages {
			if !strings.Contains(entries[i].Message, message) {
				t.Errorf("%s: '%s' does not say '%s'", what, entries[i].Message, message)
			}
		}
	}
	step("missing", "no database", "absent from the reports")
	writeCountry(t, d.file, "DE")
	whole := readFile(t, d.file)
	step("there", "DE", "in use")
	if err := os.WriteFile(d.file, whole[:len(whole)/2], 0o600); err != nil {
		t.Fatal(err)
	}
	step("half written", "DE", "stays in use")
	if err := os.WriteFile(d.file, whole, 0o600); err != nil {
		t.Fatal(err)
	}
	step("whole again", "DE", "in use")
	if err := os.Remove(d.file); err != nil {
		t.Fatal(err)
	}
	step("removed", "no database", "absent from the reports")
	if err := os.WriteFile(d.file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	step("empty", "no database", "absent from the reports")
	if err := os.WriteFile(d.file, []byte("not a database"), 0o600); err != nil {
		t.Fatal(err)
	}
	step("garbage does not replace a good file", "no database")
	if err := os.Remove(d.file); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(d.file, 0o700); err != nil {
		t.Fatal(err)
	}
	step("a directory", "no database", "absent from the reports")
}

func TestLookupsGoOnWhileTheFileChanges(t *testing.T) {
	d, _ := watched(t)
	writeCountry(t, d.file, "DE")
	d.refresh()
	done := make(chan struct{})
	var looking sync.WaitGroup
	for range 4 {
		looking.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
					if got := countryOf(d, somewhere); got != "DE" && got != "FR" {
						t.Errorf("in between: %s", got)
						return
					}
				}
			}
		})
	}
	for i := range 50 {
		writeCountry(t, d.file+".new", []string{"FR", "DE"}[i%2])
		if err := os.Rename(d.file+".new", d.file); err != nil {
			t.Fatal(err)
		}
		d.refresh()
	}
	close(done)
	looking.Wait()
}

// FuzzDatabase feeds broken databases: none may end the process, whatever is asked.
func FuzzDatabase(f *testing.F) {
	whole := databaseBytes(f, 6, everything("192.0.2.0/24"))
	f.Add(whole, []byte{192, 0, 2, 1})
	f.Add(whole[:len(whole)-10], []byte{192, 0, 2, 1})
	f.Add(databaseBytes(f, 4, everything("192.0.2.0/24")), make([]byte, 16))
	for at := 0; at < len(whole); at += 7 {
		damaged := append([]byte(nil), whole...)
		damaged[at] ^= 0xff
		f.Add(damaged, []byte{192, 0, 2, 1})
	}
	file := filepath.Join(f.TempDir(), "database.mmdb")
	f.Fuzz(func(t *testing.T, content, ip []byte) {
		if err := os.WriteFile(file, content, 0o600); err != nil {
			t.Fatal(err)
		}
		address, _ := netip.AddrFromSlice(ip)
		found := lookUpAll(t, file, address)
		for key := range found.All() {
			if !isOurs(key) {
				t.Errorf("it sets %s", key)
			}
		}
	})
}
