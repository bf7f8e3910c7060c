package people

// roleDoors lists the doors that ask for a role.
func roleDoors() []string {
	return []string{"facilitator", "aggregates", "staff", "office", "responder", "admin"}
}

// mayEnter says whether a person's roles open one of them.
func mayEnter(door string, p Person) bool {
	switch door {
	case "facilitator":
		return p.Is(Facilitator)
	case "aggregates":
		return p.Is(Facilitator) || p.Is(Staff) || p.Is(Admin)
	case "staff":
		return p.Is(Staff) || p.Is(Admin)
	case "office": // what is the whole institution's is not for staff who may see some places only
		return p.Is(Staff) && len(p.Scope) == 0 || p.Is(Admin)
	case "responder":
		return p.Is(Responder)
	case "admin":
		return p.Is(Admin)
	}
	return false
}

// opens lists the doors that a person's roles open.
func opens(p Person) []string {
	var all []string
	for _, door := range roleDoors() {
		if mayEnter(door, p) {
			all = append(all, door)
		}
	}
	return all
}
