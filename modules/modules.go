// Package modules carries the training content: one folder a module. README.md tells an author how to write one.
package modules

import "embed"

// Files are the modules' folders.
//
//go:embed *.yaml */*.yaml */*/*.yaml
var Files embed.FS
