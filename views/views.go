// Package views carries the html templates: layout/, part/, and one folder a feature.
package views

import "embed"

// Files are the templates by name: feature/page.html.
//
//go:embed */*.html
var Files embed.FS
