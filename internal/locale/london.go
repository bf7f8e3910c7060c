package locale

import (
	"fmt"
	"time"
	_ "time/tzdata" // a bare machine has no time zones
)

// London is where the days and hours of every institution are counted.
func London() (*time.Location, error) {
	l, err := time.LoadLocation("Europe/London")
	if err != nil {
		return nil, fmt.Errorf("civil time: %w", err)
	}
	return l, nil
}
