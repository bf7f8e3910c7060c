package campaign

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml"

	"github.com/upstander/upstander/internal/content"
	"github.com/upstander/upstander/internal/locale"
)

// The directory, and what native readers have passed of it.
//
//go:embed support*.yaml
var supportFiles embed.FS

const supportFile = "support.yaml"

// Listed is one service of the directory, as support.yaml describes it.
type Listed struct {
	ID        string      `yaml:"id"`
	Kind      string      `yaml:"kind"`
	Nations   []string    `yaml:"nations"`
	Name      locale.Text `yaml:"name"`
	Text      locale.Text `yaml:"text"`
	Telephone string      `yaml:"telephone"`
	Link      string      `yaml:"link"`
	Hours     locale.Text `yaml:"hours"`
	Source    string      `yaml:"source"` // where the number was read
	Read      string      `yaml:"read"`   // civil date
	Review    string      `yaml:"review"` // civil date by which it must be read again
}

// Kinds lists what services are for, in the order of the page.
func Kinds() []string {
	return []string{"urgent", "police", "sexual-violence", "listening", "images", "stalking", "home"}
}

// readDirectory parses support.yaml; every service is there in every language and says where its number was read.
func readDirectory(fsys fs.FS, languages []string) ([]Listed, error) {
	src, err := fs.ReadFile(fsys, supportFile)
	if err != nil {
		return nil, err
	}
	var file struct {
		Services []Listed `yaml:"services"`
	}
	if err := yaml.UnmarshalWithOptions(src, &file, yaml.Strict()); err != nil {
		return nil, fmt.Errorf("support.yaml: %s", yaml.FormatError(err, false, true))
	}
	var problems []error
	seen := map[string]bool{}
	for _, s := range file.Services {
		fail := func(format string, args ...any) {
			problems = append(problems, fmt.Errorf("support.yaml: %s: "+format, append([]any{s.ID}, args...)...))
		}
		if s.ID == "" || seen[s.ID] {
			fail("the id is missing or taken")
		}
		seen[s.ID] = true
		for _, l := range languages {
			if s.Name[l] == "" || s.Text[l] == "" || len(s.Hours) > 0 && s.Hours[l] == "" {
				fail("name, text or hours are missing in %q", l)
			}
		}
		for _, text := range []locale.Text{s.Name, s.Text, s.Hours} {
			for l := range text {
				if languages != nil && !slices.Contains(languages, l) { // a comma without quotation marks makes a language of what follows it
					fail("there is no language %q", l)
				}
			}
		}
		if !slices.Contains(Kinds(), s.Kind) || len(s.Nations) == 0 {
			fail("kind or nations are missing")
		}
		if s.Telephone == "" && s.Link == "" {
			fail("there is no way to reach it")
		}
		if !isDay(s.Read) || !strings.HasPrefix(s.Source, "https://") {
			fail("source and read are missing")
		}
		if s.Review <= s.Read || !isDay(s.Review) {
			fail("review is missing: the day by which it must be read again")
		}
	}
	return file.Services, errors.Join(problems...)
}

func isDay(s string) bool {
	_, err := time.Parse(time.DateOnly, s)
	return err == nil
}

// Reviews says how far each language of the directory in the program has been passed by native readers.
func Reviews() ([]locale.Review, error) { return ReviewsIn(supportFiles) }

// ReviewsIn is Reviews of the directory in a folder.
func ReviewsIn(fsys fs.FS) ([]locale.Review, error) {
	list, err := readDirectory(fsys, nil)
	if err != nil {
		return nil, err
	}
	texts := map[string]locale.Text{}
	for _, s := range list {
		texts[s.ID+".name"], texts[s.ID+".text"] = s.Name, s.Text
		if len(s.Hours) > 0 {
			texts[s.ID+".hours"] = s.Hours
		}
	}
	return locale.ReviewTexts(fsys, "support", texts)
}

// Overdue lists the services of the directory in the program whose source should have been read again before today.
func Overdue(today time.Time) (content.Problems, error) {
	list, err := readDirectory(supportFiles, nil)
	var due content.Problems
	for _, s := range list {
		if s.Review < today.Format(time.DateOnly) {
			due = append(due, content.Problem{File: supportFile, Line: 1, Column: 1, Text: fmt.Sprintf("service %q should have been read again by %s", s.ID, s.Review)})
		}
	}
	return due, err
}

// For lists the services of a nation in the order of Kinds.
func (s *Service) For(nation string) []Listed {
	var list []Listed
	for _, kind := range Kinds() {
		for _, one := range s.directory {
			if one.Kind == kind && slices.Contains(one.Nations, nation) {
				list = append(list, one)
			}
		}
	}
	return list
}
