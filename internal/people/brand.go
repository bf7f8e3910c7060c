package people

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math"
	"strings"
)

// brandCSS is the stylesheet that carries the institution's colours: a file of its own, because pages hold no inline style.
func (in *Institution) brandCSS() string {
	return fmt.Sprintf(":root{--brand:%s;--brand-accent:%s;--on-brand:%s}\n", in.Colours.Main, in.Colours.Accent, readable(in.Colours.Main))
}

// brandPath changes with the colours, so that browsers may keep the file for ever.
func (in *Institution) brandPath() string {
	sum := sha256.Sum256([]byte(in.brandCSS()))
	return "/brand/" + in.ID + "-" + hex.EncodeToString(sum[:6]) + ".css"
}

// readable returns our paper or our ink, whichever stands out more on a colour.
func readable(colour string) string {
	const paper, ink = "#faf6ef", "#1e2426"
	if contrast(colour, paper) >= contrast(colour, ink) {
		return paper
	}
	return ink
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
	var r, g, b int
	if _, err := fmt.Sscanf(strings.ToLower(colour), "#%02x%02x%02x", &r, &g, &b); err != nil {
		return 0
	}
	return 0.2126*linear(r) + 0.7152*linear(g) + 0.0722*linear(b)
}

// linear undoes the gamma of one sRGB channel, 0 to 255.
func linear(channel int) float64 {
	c := float64(channel) / 255
	if c <= 0.04045 {
		return c / 12.92
	}
	return math.Pow((c+0.055)/1.055, 2.4)
}
