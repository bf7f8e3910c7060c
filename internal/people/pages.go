package people

import (
	"errors"

	"github.com/upstander/upstander/internal/fault"
	"github.com/upstander/upstander/internal/web"
)

// signInPage asks for an e-mail address.
type signInPage struct {
	web.Base
	Query      string // passed on: language, institution and where to go afterwards
	Own        []own  // the universities' own ways to sign in
	Codes      bool   // a code by e-mail is a way in
	Passkeys   bool   // a passkey is another
	Email      string
	Hint       string // how addresses end that may sign in
	Demos      []demo // in the demo: institutions and roles to enter as
	ShowsCodes bool   // codes come up on the page, for there is no mail server
}

// own is a university's own way to sign in.
type own struct{ Path, Name string }

type demo struct {
	ID    string
	Name  string
	Roles []Role
}

// codePage asks for the code that has been mailed.
type codePage struct {
	web.Base
	Query   string
	Email   string
	Code    string // in a demo without mail only
	Minutes int
}

// claimPage asks whoever has come through the university's own sign-in, which has not said who it is, for an e-mail address.
type claimPage struct {
	web.Base
	Query       string
	Institution string
	Email       string
	Hint        string
}

// mePage is a person's own settings.
type mePage struct {
	web.Base
	Email   string
	Name    string
	Devices int

	Admin    bool // may give roles
	Withheld bool // roles wait for a passkey or single sign-on
	Passkeys bool // there are passkeys here
}

// passkeySignInPage asks for a passkey or a recovery code.
type passkeySignInPage struct {
	web.Base
	Query   string
	Options string // what the browser is asked, as JSON
	Email   string
}

// passkeysPage lists a person's keys and makes new ones.
type passkeysPage struct {
	web.Base
	Keys    []passkeyRow
	Options string // what the browser is asked, as JSON; empty when no key can be added
	Closed  bool   // this session may not change keys
	Left    int    // recovery codes
}

type passkeyRow struct{ ID, Day string }

// recoveryPage shows recovery codes, once.
type recoveryPage struct {
	web.Base
	Codes []string
}

// rolesPage lists who has been granted roles, and grants one.
type rolesPage struct {
	web.Base
	Helpers    []helper
	Prev, Next string
	Email      string
	Role       Role
	Choices    []Role
}

// helper is somebody who has been granted roles.
type helper struct {
	ID, Name, Email string
	Roles           []Role
	Places          int // to which staff are limited; nought: to none
}

// rolesOfPage is what one person may do.
type rolesOfPage struct {
	web.Base
	ID, Name, Email string
	Choices         []roleChoice
	Scope           string
	Own             bool // whoever looks at it
}

type roleChoice struct {
	Role    Role
	Chosen  bool
	ByGroup bool // the university's groups give it, too
}

func isGone(err error) bool { return errors.Is(err, fault.NotFound) }

// Views lists the package's views and what they show, for the test that checks one against the other.
func Views() map[string]any {
	return map[string]any{
		"people/sign-in": signInPage{}, "people/code": codePage{}, "people/claim": claimPage{}, "people/me": mePage{},
		"people/passkey": passkeySignInPage{}, "people/passkeys": passkeysPage{}, "people/recovery": recoveryPage{}, "people/roles": rolesPage{}, "people/roles-of": rolesOfPage{},
	}
}
