package content

// Drawings names the scenes an item may carry: the symbols of public/art/scenes.svg.
func Drawings() []string {
	return []string{
		"together", "bar", "bus", "chat", "lab", "boathouse", "street", "kitchen", "room", "club", "cafe", "office", "listening", "help", "finish",
	}
}

func drawing(f *mapping) string {
	d := f.get("drawing")
	if d.missing() {
		return ""
	}
	return d.one(Drawings()...)
}
