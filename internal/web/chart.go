package web

import (
	"fmt"
	"strings"
)

// Bars is a chart of horizontal bars within a table: the words and numbers are the table's, the bars only show them. Its baseline is nought.
type Bars struct {
	Caption string
	Of      string   // heading of the rows
	Number  string   // heading of the numbers
	More    []string // headings of further numbers
	Rows    []Bar
}

// Bar is one row. Said stands in the place of the number where there is none to show; Of is nought where there is no bar either.
type Bar struct {
	Label, Link string
	N, Of       int
	More        []string // further numbers, written out; none where Said stands
	Said        string
}

// Width is the bar's length in per cent of the whole.
func (b Bar) Width() int {
	if b.Of <= 0 {
		return 0
	}
	return min(100, max(0, 100*b.N/b.Of))
}

// Line is a chart of one series over time, with its title, its description, and a table beside it. Its baseline is nought.
type Line struct {
	ID          string // of the title within the page
	Title, Desc string
	AsTable     string // what opens the table
	Of, Number  string // headings of the table
	Top         int    // what the top of the chart stands for
	TopLabel    string // what that is, in words; empty: not said
	Expected    string // what is said of a number that is a forecast
	Points      []Point
	Mark        *Mark // a moment to be shown, such as a due date
}

// Point is one value. Label names its time.
type Point struct {
	Label    string
	N        int
	Forecast bool
}

// Mark is a vertical line at the place of a point, with a word.
type Mark struct {
	At    int // index of the point
	Label string
}

// The chart's box: 640 by 200 units, with room below for labels.
const lineWidth, lineHeight = 640, 160

func (l Line) x(i int) float64 {
	return float64(i) * lineWidth / float64(max(1, len(l.Points)-1))
}

func (l Line) y(n int) float64 {
	return lineHeight - float64(n)*(lineHeight-10)/float64(max(1, l.Top))
}

// Known returns the coordinates of what has happened, for a polyline.
func (l Line) Known() string { return l.trace(false) }

// Forecast returns the coordinates of what is expected, beginning with the last that has happened.
func (l Line) Forecast() string { return l.trace(true) }

func (l Line) trace(forecast bool) string {
	var b strings.Builder
	for i, p := range l.Points {
		last := !p.Forecast && i+1 < len(l.Points) && l.Points[i+1].Forecast
		if p.Forecast == forecast || forecast && last {
			fmt.Fprintf(&b, "%.1f,%.1f ", l.x(i), l.y(p.N))
		}
	}
	return strings.TrimSpace(b.String())
}

// MarkX returns where the mark stands.
func (l Line) MarkX() string { return fmt.Sprintf("%.1f", l.x(l.Mark.At)) }

// MarkLate says whether the mark stands in the second half, where its word goes to the end of the line.
func (l Line) MarkLate() bool { return 2*l.Mark.At >= len(l.Points)-1 }

// Span is how many columns stand in for the numbers of a row that has none.
func (b Bars) Span() int { return 1 + len(b.More) }
