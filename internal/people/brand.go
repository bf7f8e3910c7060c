package people

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math"
	"slices"
	"strings"
)

// brandCSS is the stylesheet that carries the institution's colours: a file of its own, because pages hold no inline style. The colours are words
// and lines on our ground, so each is moved towards ink or paper until it can be read there: 4.5 : 1 for words (WCAG 2.2, 1.4.3), 3 : 1 for lines
// (1.4.11).
func (in *Institution) brandCSS() string {
	light := func(colour string, ratio float64) string { return corrected(colour, ink, ratio, paper, sheet) }
	dark := func(colour string, ratio float64) string { return corrected(colour, pale, ratio, night, nightSheet) }
	main, accent := in.Colours.Main, in.Colours.Accent
	return fmt.Sprintf(":root{--brand:%s;--accent:%s}\n@supports (color:light-dark(#000,#fff)){:root{--brand:light-dark(%s,%s);--accent:light-dark(%s,%s)}}\n",
		light(main, words), light(accent, lines), light(main, words), dark(main, words), light(accent, lines), dark(accent, lines))
}

// The grounds and inks of site.css, by day and by night, and the contrast that WCAG 2.2 asks for.
const (
	paper, sheet, ink       = "#faf6ef", "#fffdf8", "#1e2426"
	night, nightSheet, pale = "#101716", "#172120", "#efe9df"

	words, lines = 4.5, 3.0
)

// corrected mixes a colour with what is written on the grounds until it stands out enough on each of them.
func corrected(colour, toward string, ratio float64, grounds ...string) string {
	for part := 0; part <= 100; part += 4 {
		mixed := mix(colour, toward, float64(part)/100)
		if !slices.ContainsFunc(grounds, func(ground string) bool { return contrast(mixed, ground) < ratio }) {
			return mixed
		}
	}
	return toward
}

func mix(a, b string, part float64) string {
	x, y := channels(a), channels(b)
	for i := range x {
		x[i] = int(math.Round(float64(x[i])*(1-part) + float64(y[i])*part))
	}
	return fmt.Sprintf("#%02x%02x%02x", x[0], x[1], x[2])
}

// brandPath changes with the colours, so that browsers may keep the file for ever.
func (in *Institution) brandPath() string {
	sum := sha256.Sum256([]byte(in.brandCSS()))
	return "/brand/" + in.ID + "-" + hex.EncodeToString(sum[:6]) + ".css"
}

// contrast is the ratio of WCAG 2 between two colours, from 1 to 21.
func contrast(a, b string) float64 {
	x, y := luminance(a), luminance(b)
	if x < y {
		x, y = y, x
	}
	return (x + 0.05) / (y + 0.05)
}

func luminance(colour string) float64 {
	c := channels(colour)
	return 0.2126*linear(c[0]) + 0.7152*linear(c[1]) + 0.0722*linear(c[2])
}

// channels reads #rrggbb; institutions.yaml is checked before.
func channels(colour string) (c [3]int) {
	_, _ = fmt.Sscanf(strings.ToLower(colour), "#%02x%02x%02x", &c[0], &c[1], &c[2])
	return c
}

// linear undoes the gamma of one sRGB channel, 0 to 255.
func linear(channel int) float64 {
	c := float64(channel) / 255
	if c <= 0.04045 {
		return c / 12.92
	}
	return math.Pow((c+0.055)/1.055, 2.4)
}
