package pledge

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"

	"github.com/goccy/go-yaml"

	"github.com/upstander/upstander/internal/locale"
)

// The wording, and what native readers have passed of it.
//
//go:embed pledge*.yaml
var textFiles embed.FS

const textFile = "pledge.yaml"

// Text is the pledge's wording, by version.
type Text struct {
	Versions []Version `yaml:"versions"` // the newest first
}

// Version is what people have signed, or sign now.
type Version struct {
	Version  string        `yaml:"version"`
	Promises []locale.Text `yaml:"promises"`
	Actions  []Action      `yaml:"actions"`
}

// Action is something that one can choose to do.
type Action struct {
	ID   string      `yaml:"id"`
	Text locale.Text `yaml:"text"`
}

// Current returns the version that is signed now.
func (t *Text) Current() Version { return t.Versions[0] }

// Actions lists the ids of what can be chosen to do now.
func (s *Service) Actions() []string {
	var ids []string
	for _, a := range s.text.Current().Actions {
		ids = append(ids, a.ID)
	}
	return ids
}

// Reviews says how far each language of the wording in the program has been passed by native readers.
func Reviews() ([]locale.Review, error) { return ReviewsIn(textFiles) }

// ReviewsIn is Reviews of the wording in a folder.
func ReviewsIn(fsys fs.FS) ([]locale.Review, error) {
	t, err := readText(fsys, nil)
	if err != nil {
		return nil, err
	}
	texts := map[string]locale.Text{}
	for _, v := range t.Versions {
		for i, p := range v.Promises {
			texts[fmt.Sprintf("%s.promises.%d", v.Version, i+1)] = p
		}
		for _, a := range v.Actions {
			texts[v.Version+".actions."+a.ID] = a.Text
		}
	}
	return locale.ReviewTexts(fsys, "pledge", texts)
}

func readText(fsys fs.FS, languages []string) (*Text, error) {
	src, err := fs.ReadFile(fsys, textFile)
	if err != nil {
		return nil, err
	}
	var t Text
	if err := yaml.UnmarshalWithOptions(src, &t, yaml.Strict()); err != nil {
		return nil, fmt.Errorf("pledge.yaml: %s", yaml.FormatError(err, false, true))
	}
	if len(t.Versions) == 0 {
		return nil, errors.New("pledge.yaml holds no version")
	}
	var problems []error
	for _, v := range t.Versions {
		if len(v.Promises) != 5 || len(v.Actions) == 0 {
			problems = append(problems, fmt.Errorf("pledge.yaml: version %s needs five promises, and actions to choose from", v.Version))
		}
		for _, l := range languages {
			for i, p := range v.Promises {
				if p[l] == "" {
					problems = append(problems, fmt.Errorf("pledge.yaml: version %s: promise %d is missing in %q", v.Version, i+1, l))
				}
			}
			for _, a := range v.Actions {
				if a.ID == "" || a.Text[l] == "" {
					problems = append(problems, fmt.Errorf("pledge.yaml: version %s: action %q is missing in %q", v.Version, a.ID, l))
				}
			}
		}
	}
	return &t, errors.Join(problems...)
}
