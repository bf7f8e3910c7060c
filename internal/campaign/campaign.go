// Package campaign is what the public half says beside training: the front page, and which institutions there are.
package campaign
