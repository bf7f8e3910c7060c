package web

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/gofiber/fiber/v2"

	"github.com/upstander/upstander/internal/fault"
)

// Limits on a form, whatever it is.
const (
	maxFields = 200
	maxValue  = 20_000 // bytes
)

// OwnerField names the field with the owner's mark: a form that carries it is kept when its session has run out.
const OwnerField = "owner"

// Form is what a browser sent: valid text of bounded size. Line ends are those of Unix, surrounding white space is gone.
type Form struct{ values map[string][]string }

// ReadForm reads a posted form. fault.Invalid when it is none, holds what is no text, or more than a form of ours can.
func ReadForm(c *fiber.Ctx) (Form, error) { return ReadLongForm(c, maxValue) }

// ReadLongForm is ReadForm where one field may hold so many bytes.
func ReadLongForm(c *fiber.Ctx, longest int) (Form, error) {
	f := Form{values: map[string][]string{}}
	if !strings.HasPrefix(c.Get(fiber.HeaderContentType), fiber.MIMEApplicationForm) {
		return f, fmt.Errorf("%w: this is no form", fault.Invalid)
	}
	n := 0
	var err error
	for key, value := range c.Request().PostArgs().All() {
		n++
		switch {
		case err != nil:
		case n > maxFields:
			err = fmt.Errorf("%w: more than %d fields", fault.Invalid, maxFields)
		case !utf8.Valid(key) || !utf8.Valid(value) || strings.ContainsRune(string(value), 0):
			err = fmt.Errorf("%w: a field is no valid text", fault.Invalid)
		case len(value) > longest:
			err = fault.Problems{{Field: string(key), Key: "form.too-long"}}
		default:
			v := strings.ReplaceAll(string(value), "\r\n", "\n")
			f.values[string(key)] = append(f.values[string(key)], strings.TrimSpace(v))
		}
	}
	return f, err
}

// Text returns the first value of a field, or nothing.
func (f Form) Text(name string) string {
	if v := f.values[name]; len(v) > 0 {
		return v[0]
	}
	return ""
}

// All returns every value of a field that is not empty.
func (f Form) All(name string) []string {
	var all []string
	for _, v := range f.values[name] {
		if v != "" {
			all = append(all, v)
		}
	}
	return all
}

// Values returns every field.
func (f Form) Values() map[string][]string { return f.values }

// FormOf is a form from fields that had been read before.
func FormOf(values map[string][]string) Form { return Form{values: values} }
