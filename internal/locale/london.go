package locale

import (
	"time"
	_ "time/tzdata" // a bare machine has no time zones
)

// London is where the days and hours of every institution are counted.
var London = func() *time.Location {
	l, err := time.LoadLocation("Europe/London")
	if err != nil {
		panic(err) // tzdata is part of the program
	}
	return l
}()
