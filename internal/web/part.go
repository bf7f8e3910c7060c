package web

import (
	"fmt"
	"html/template"
	"strings"
)

// Mark draws one of the small drawings of public/art/marks.svg. It stands beside a word that says the same, so it is hidden from screen readers.
func (b Base) Mark(name string) template.HTML {
	return b.drawing("mark", "0 0 32 32", "art/marks.svg", name)
}

// Scene draws one of the scenes of public/art/scenes.svg. It illustrates the words below it and adds nothing to them.
func (b Base) Scene(name string) template.HTML {
	return b.drawing("scene", "0 0 320 140", "art/scenes.svg", name)
}

// Frieze draws the line of figures of which one stands up.
func (b Base) Frieze() template.HTML {
	return b.drawing("stand", "0 0 640 140", "art/scenes.svg", "stand")
}

func (b Base) drawing(class, box, file, name string) template.HTML {
	return template.HTML(fmt.Sprintf(`<svg class="%s" viewBox="%s" aria-hidden="true" focusable="false"><use href="%s#%s"/></svg>`, //nolint:gosec // names come from the program and from content that was checked
		class, box, b.Asset(file), template.HTMLEscapeString(name)))
}

// Counted says a message about a number and sets the number large.
func (b Base) Counted(key string, n int) template.HTML {
	number := template.HTMLEscapeString(b.Number(n))
	said := template.HTMLEscapeString(b.T(key, "Count", n))
	return template.HTML(strings.Replace(said, number, "<b>"+number+"</b>", 1)) //nolint:gosec // both are escaped
}

// Number64 writes a whole number of another size.
func (b Base) Number64(n int64) string { return b.Number(int(n)) }

// Field is a labelled input for part/field, with its hint and what is wrong with it.
type Field struct {
	Name, Label, Value   string
	Hint                 string
	Type                 string // of the input; empty: text
	Class, Autocomplete  string
	InputMode            string
	MaxLength            int
	Problem              string
	Lines                int // a text area of so many lines; nought: one line
	DescribedBy, Invalid string
}

// Field makes an input for part/field. more are names and values in turn: hint, type, class, autocomplete, inputmode, maxlength, lines.
func (b Base) Field(name, label, value string, more ...any) (Field, error) {
	f := Field{Name: name, Label: label, Value: value, Type: "text", Autocomplete: "off", Problem: b.Problem(name)}
	for i := 0; i+1 < len(more); i += 2 {
		switch more[i] {
		case "hint":
			f.Hint = fmt.Sprint(more[i+1])
		case "type":
			f.Type = fmt.Sprint(more[i+1])
		case "class":
			f.Class = fmt.Sprint(more[i+1])
		case "autocomplete":
			f.Autocomplete = fmt.Sprint(more[i+1])
		case "inputmode":
			f.InputMode = fmt.Sprint(more[i+1])
		case "maxlength":
			f.MaxLength, _ = more[i+1].(int)
		case "lines":
			f.Lines, _ = more[i+1].(int)
		default:
			return f, fmt.Errorf("a field has no %v", more[i])
		}
	}
	if f.Hint != "" {
		f.DescribedBy = name + "-hint"
	}
	if f.Problem != "" {
		f.Invalid = "true"
		if f.DescribedBy != "" {
			f.DescribedBy += " "
		}
		f.DescribedBy += name + "-wrong"
	}
	return f, nil
}
