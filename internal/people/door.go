package people

import "slices"

// rolesOf says which roles open a door.
func rolesOf(door string) []Role {
	switch door {
	case "facilitator":
		return []Role{Facilitator}
	case "aggregates":
		return []Role{Facilitator, Staff, Admin}
	case "staff":
		return []Role{Staff, Admin}
	case "responder":
		return []Role{Responder}
	case "admin":
		return []Role{Admin}
	}
	return nil
}

// opens lists the doors that a person's roles open.
func opens(p Person) []string {
	var all []string
	for _, door := range []string{"facilitator", "aggregates", "staff", "responder", "admin"} {
		if slices.ContainsFunc(rolesOf(door), p.Is) {
			all = append(all, door)
		}
	}
	return all
}
