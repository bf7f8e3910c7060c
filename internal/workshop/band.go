package workshop

// fewest is how many must have answered before anything is said about what they think, and in a summary about what they know.
const fewest = 10

// Bands are how shares of opinions are said. They are chosen so that "all" looks like "all but one", and "nobody" like "one".
const (
	bandFew  = "few"
	bandSome = "some"
	bandHalf = "half"
	bandMany = "many"
	bandMost = "most"
)

// Bands lists every band, the smallest first.
func Bands() []string { return []string{bandFew, bandSome, bandHalf, bandMany, bandMost} }

// band says which band a count out of at least fewest belongs to.
func band(n, of int) string {
	switch share := float64(n) / float64(max(1, of)); {
	case share < 0.2:
		return bandFew
	case share < 0.4:
		return bandSome
	case share <= 0.6:
		return bandHalf
	case share <= 0.8:
		return bandMany
	}
	return bandMost
}

// bandWidth is how long the bar of a band is drawn, in fifths.
func bandWidth(band string) int {
	for i, b := range Bands() {
		if b == band {
			return i + 1
		}
	}
	return 0
}
