package main

import (
	"fmt"
	"io"
	"strings"
)

// bar is a progress bar on one line of a terminal.
type bar struct {
	out  io.Writer
	what string
	last int
}

func newBar(out io.Writer) *bar { return &bar{out: out, last: -1} }

// Show draws how much of something is done; total 0 means that nobody knows.
func (b *bar) Show(what string, done, total int64) {
	percent := 100
	if total > 0 {
		percent = int(100 * done / total)
	}
	if what == b.what && percent == b.last {
		return
	}
	b.what, b.last = what, percent
	const width = 30
	full := width * percent / 100
	end := "\r"
	if done >= total {
		end = "\n"
	}
	fmt.Fprintf(b.out, "%-28s [%s%s] %3d %% %d%s", what, strings.Repeat("#", full), strings.Repeat(" ", width-full), percent, done, end)
}
