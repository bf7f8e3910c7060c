// Package public carries stylesheets, scripts, icons and drawings.
package public

import "embed"

// Files are the assets by name: css/site.css.
//
//go:embed art css icons js
var Files embed.FS
