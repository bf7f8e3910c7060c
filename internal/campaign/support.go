package campaign

import (
	_ "embed"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml"

	"github.com/upstander/upstander/internal/locale"
)

//go:embed support.yaml
var supportFile []byte

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
}

// Kinds lists what services are for, in the order of the page.
func Kinds() []string {
	return []string{"urgent", "police", "sexual-violence", "listening", "images", "stalking", "home"}
}

// readDirectory parses support.yaml; every service is there in every language and says where its number was read.
func readDirectory(src []byte, languages []string) ([]Listed, error) {
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
		if !slices.Contains(Kinds(), s.Kind) || len(s.Nations) == 0 {
			fail("kind or nations are missing")
		}
		if s.Telephone == "" && s.Link == "" {
			fail("there is no way to reach it")
		}
		if _, err := time.Parse(time.DateOnly, s.Read); err != nil || !strings.HasPrefix(s.Source, "https://") {
			fail("source and read are missing")
		}
	}
	return file.Services, errors.Join(problems...)
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
