package certificate

import (
	"errors"

	"github.com/upstander/upstander/internal/fault"
	"github.com/upstander/upstander/internal/locale"
	"github.com/upstander/upstander/internal/web"
)

// listPage is what a person holds.
type listPage struct {
	web.Base
	Certificates []Certificate
}

// certificatePage is what the holder's and the public page share.
type certificatePage struct {
	web.Base
	Code        string
	Day         string
	Edition     string
	Institution string
	What        locale.Phrase
	Address     string // where the code is checked
}

// showPage is the certificate itself, made to be printed.
type showPage struct {
	certificatePage
	Name string
}

// askPage asks for a code.
type askPage struct {
	web.Base
	Code string
}

// verifyPage says what a code stands for, and whether a typed name matches. It does not hold the certificate's own name, so it cannot show it.
type verifyPage struct {
	certificatePage
	Name    string // as typed
	Matches bool
	Differs bool
}

func isNone(err error) bool { return errors.Is(err, fault.NotFound) }

// Views lists the package's views and what they show, for the test that checks one against the other.
func Views() map[string]any {
	return map[string]any{
		"certificate/list": listPage{}, "certificate/show": showPage{}, "certificate/ask": askPage{}, "certificate/verify": verifyPage{},
	}
}
