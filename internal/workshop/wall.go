package workshop

import "html/template"

// The wall is read from the back row. What does not fit there in large type stays on the phones. Sizes are in hundredths of the screen's height, and the
// screen is taken for a narrow one, of four to three.
const (
	wallRoom     = 66.0 // height for the slide, without how to join
	wallTitle    = 6.2  // height of a line of the title
	wallLine     = 4.9  // height of a line of text
	wallBetween  = 2.4  // height between answers
	titleLetters = 46   // letters that a line of the title holds
	textLetters  = 68   // letters that a line of text holds
	wallWords    = 500  // letters of words that are let through; newer ones go first
)

// arrange decides what of the room goes on the wall.
func (p *screenPage) arrange() {
	n := &p.Now
	if res := n.Result; res != nil {
		res.Fact, res.Words = uncited(res.Fact), newest(res.Words, wallWords)
		if res.Thing != nil {
			res.Thing.Says = uncited(res.Thing.Says)
		}
		if n.Kind != "ending" {
			n.Setting = ""
		}
	}
	p.OnPhones = len(n.Things) > 0 || n.height() > wallRoom
	for _, place := range n.places() {
		p.Ends = append(p.Ends, place.Text)
	}
}

// places lists those of a sort's line.
func (n nowView) places() []optionView {
	if len(n.Things) == 0 {
		return nil
	}
	return n.Things[0].Places
}

// height is how much room a question takes with its answers, in the smallest type that the wall uses for them.
func (n nowView) height() float64 {
	h := wallTitle*lines(n.Title, titleLetters) + wallLine*lines(plain(n.Setting), textLetters)
	for _, o := range n.Options {
		h += wallBetween + wallLine*lines(o.Text, textLetters)
	}
	return h
}

func lines(text string, letters int) float64 {
	n := len([]rune(text))
	return float64((n + letters - 1) / letters)
}

func plain(text template.HTML) string { return tag.ReplaceAllString(string(text), "") }

// newest returns the last words, as many as there is room for, in their order.
func newest(words []string, letters int) []string {
	from := len(words)
	for from > 0 && letters-len([]rune(words[from-1])) >= 0 {
		from--
		letters -= len([]rune(words[from]))
	}
	return words[from:]
}
