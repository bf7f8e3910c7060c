package requirement

import (
	"strings"
)

// A place is a path of slugs with a slash behind each: institution/cohort/department/level/. A place is within every beginning of itself; a member
// stands in a leaf place, which has all four.

// Nowhere stands in a place where the roster says nothing.
const Nowhere = "-"

// Depths of places: how many slugs they have.
const (
	wholeDepth  = 1
	cohortDepth = 2
	leafDepth   = 4
)

// PlaceOf returns the leaf place of what a roster says.
func PlaceOf(institution, cohort, department, level string) string {
	return CohortOf(institution, slug(cohort)) + slug(department) + "/" + slug(level) + "/"
}

// WholeOf returns the place that is a whole institution.
func WholeOf(institution string) string { return institution + "/" }

// CohortOf returns the place that is all of a cohort, by its slug.
func CohortOf(institution, cohort string) string { return WholeOf(institution) + cohort + "/" }

// PlaceTyped returns the place that somebody means who may have left the last slash out: the beginning of a name must not open its neighbours.
func PlaceTyped(text string) string { return strings.TrimSuffix(text, "/") + "/" }

// Within says whether a place is another one or below it.
func Within(place, outer string) bool { return strings.HasPrefix(place, outer) }

// IsPlace says whether a text is not deeper than places are.
func IsPlace(text string) bool { return depth(text) <= leafDepth }

// PlaceParts returns the slugs of a place: institution, cohort, department and level, as far as it goes.
func PlaceParts(place string) []string { return strings.Split(strings.TrimSuffix(place, "/"), "/") }

func depth(place string) int { return strings.Count(place, "/") }

// whole says whether a place is a whole institution.
func whole(place string) bool { return depth(place) == wholeDepth }

// cohort says whether a place is all of a cohort.
func cohort(place string) bool { return depth(place) == cohortDepth }

// leaf says whether a place has no places below it.
func leaf(place string) bool { return depth(place) == leafDepth }

// cohortPath returns the cohort that a place is in, empty where it is in none.
func cohortPath(place string) string {
	if depth(place) < cohortDepth {
		return ""
	}
	return CohortOf(institutionOf(place), cohortOf(place))
}

// institutionOf returns the institution that a place belongs to.
func institutionOf(place string) string { return PlaceParts(place)[0] }

// cohortOf returns the slug of the cohort in a place.
func cohortOf(place string) string {
	if parts := PlaceParts(place); len(parts) > 1 {
		return parts[1]
	}
	return ""
}
