// Package public carries stylesheets, scripts and icons.
package public

import "embed"

// Files are the assets by name: css/site.css.
//
//go:embed css icons js
var Files embed.FS
