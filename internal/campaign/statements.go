package campaign

import (
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/upstander/upstander/internal/people"
)

// What the browser checks found in this edition of the program. They write the file; before their first run it says that nothing has been checked, and
// so does the statement.
//
//go:embed accessibility.json
var accessibilityFile []byte

// Checked is what the browser checks of an edition looked at and found.
type Checked struct {
	Day      string  `json:"checked"` // civil date; empty: not yet
	Pages    int     `json:"pages"`   // pages and states of pages
	Variants int     `json:"variants"`
	Checks   []Check `json:"checks"`
}

// Check is one thing that was looked for on every page.
type Check struct {
	ID       string `json:"id"`
	Name     string `json:"name"` // in English
	Count    int    `json:"count"`
	Failures int    `json:"failures"`
}

// CheckIDs lists the checks that the catalogues have words for; any other shows the name that it brings.
func CheckIDs() []string {
	return []string{
		"axe", "html", "console", "requests", "status", "language", "scroll", "clipped", "target", "large-target", "focus", "obscured", "keyboard", "contrast",
		"motion", "story",
	}
}

// readChecked reads what the browser checks wrote. A file that claims checks without a day, or a day without checks, is refused.
func readChecked(src []byte) (Checked, error) {
	var c Checked
	if err := json.Unmarshal(src, &c); err != nil {
		return c, fmt.Errorf("accessibility.json: %w", err)
	}
	looked := 0
	for _, one := range c.Checks {
		looked += one.Count
		if one.Count < 0 || one.Failures < 0 || one.Failures > one.Count {
			return c, fmt.Errorf("accessibility.json: %s: %d failures of %d", one.ID, one.Failures, one.Count)
		}
	}
	_, err := time.Parse(time.DateOnly, c.Day)
	if c.Day == "" {
		err = nil
	}
	if err != nil || (c.Day == "") != (looked == 0) || (c.Day == "") != (c.Pages == 0) {
		return c, errors.New("accessibility.json: a day belongs to what was checked on it, and the other way round")
	}
	return c, nil
}

// Failures counts what did not pass.
func (c Checked) Failures() int {
	n := 0
	for _, one := range c.Checks {
		n += one.Failures
	}
	return n
}

// KeptIDs lists what is kept of somebody, or could be thought to be, in the order of the privacy notice. Whoever keeps something new adds to it.
func KeptIDs() []string {
	return []string{"account", "roster", "sign-in", ownSignIn, "passkey", "journey", "standing", "certificate", "reminder", "pledge", "report", "workshop", "mail", "staff-log", "log"}
}

// ownSignIn stands in the notice of those institutions alone whose own sign-in tells us something.
const ownSignIn = "own-sign-in"

// keptAt lists what is kept at an institution.
func keptAt(in *people.Institution) []string {
	return slices.DeleteFunc(KeptIDs(), func(id string) bool { return id == ownSignIn && !in.SingleSignOn() })
}

// Stored is something that a page's script keeps in the browser. There is nothing else: the cookie page lists Storage, and a test compares it with the
// scripts.
type Stored struct {
	Name string // as the browser's own tools show it
	In   string // localStorage, sessionStorage or caches
	ID   string // of the messages that say what it is for and how long it stays
}

// Storage lists everything that scripts keep.
func Storage() []Stored {
	return []Stored{
		{Name: "theme", In: "localStorage", ID: "theme"},
		{Name: "left", In: "sessionStorage", ID: "left"},
		{Name: "support-1 …", In: "caches", ID: "support"},
		{Name: "left", In: "caches", ID: "left-offline"},
	}
}

func (s *Service) viewCookies(url string) []cookieView {
	var all []cookieView
	for _, k := range s.cookies {
		v := cookieView{Name: k.NameOn(url), ID: k.Name, Path: k.Path}
		switch {
		case k.Life >= 24*time.Hour:
			v.Days = int(k.Life.Hours()) / 24
		case k.Life >= time.Hour:
			v.Hours = int(k.Life.Hours())
		default:
			v.Minutes = int(k.Life.Minutes())
		}
		all = append(all, v)
	}
	return all
}
