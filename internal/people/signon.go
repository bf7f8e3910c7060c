package people

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// SignIn says which ways into the program an institution allows.
type SignIn struct {
	Codes string `yaml:"codes"` // who may sign in with a code by e-mail: everybody, students or nobody
}

// Who may sign in with a code by e-mail. With students, a code opens what students do; roles wait for a passkey or single sign-on.
const (
	CodesEverybody = "everybody"
	CodesStudents  = "students"
	CodesNobody    = "nobody"
)

// What an arrival is matched by.
const (
	MatchEmail      = "email"
	MatchExternalID = "external_id"
	MatchNothing    = "claim" // always ask for the e-mail address, once
)

// Mapping says what an institution's own sign-in releases, and what of it counts.
type Mapping struct {
	Match      string          `yaml:"match"`
	Attributes Attributes      `yaml:"attributes"`
	Roles      map[string]Role `yaml:"roles"` // by group
}

// Attributes names what holds what.
type Attributes struct {
	ExternalID string `yaml:"external_id"`
	Email      string `yaml:"email"`
	Name       string `yaml:"name"`
	Groups     string `yaml:"groups"`
}

// fill sets what the institution's file leaves out.
func (m *Mapping) fill(a Attributes) {
	set := func(field *string, value string) {
		if *field == "" {
			*field = value
		}
	}
	set(&m.Match, MatchEmail)
	set(&m.Attributes.Email, a.Email)
	set(&m.Attributes.Name, a.Name)
	set(&m.Attributes.Groups, a.Groups)
	set(&m.Attributes.ExternalID, a.ExternalID)
}

func (m Mapping) check() []string {
	var p []string
	if !slices.Contains([]string{MatchEmail, MatchExternalID, MatchNothing}, m.Match) {
		p = append(p, fmt.Sprintf("match is email, external_id or claim, not %q", m.Match))
	}
	if m.Match == MatchExternalID && m.Attributes.ExternalID == "" {
		p = append(p, "match by external_id needs attributes.external_id")
	}
	for group, role := range m.Roles {
		if !slices.Contains(Roles(), role) {
			p = append(p, fmt.Sprintf("there is no role %q for the group %q", role, group))
		}
	}
	return p
}

// rolesOf lists the roles that groups give, in the order of Roles.
func (m Mapping) rolesOf(groups []string) []Role {
	roles := []Role{}
	for _, r := range Roles() {
		if r != Student && slices.ContainsFunc(groups, func(g string) bool { return m.Roles[g] == r }) {
			roles = append(roles, r)
		}
	}
	return roles
}

// checkSignIn fills in and checks how people sign in.
func (in *Institution) checkSignIn() []string {
	var p []string
	if in.SignIn.Codes == "" {
		in.SignIn.Codes = CodesEverybody
	}
	if !slices.Contains([]string{CodesEverybody, CodesStudents, CodesNobody}, in.SignIn.Codes) {
		p = append(p, fmt.Sprintf("sign_in.codes is everybody, students or nobody, not %q", in.SignIn.Codes))
	}
	if in.OIDC != nil {
		p = append(p, in.OIDC.check()...)
	}
	if in.SAML != nil {
		p = append(p, in.SAML.check(in.EmailDomains)...)
	}
	if in.OIDC != nil && in.SAML != nil {
		p = append(p, "there is both oidc and saml: choose one")
	}
	if in.SignIn.Codes == CodesNobody && !in.SingleSignOn() {
		p = append(p, "with sign_in.codes nobody, single sign-on is needed: nobody could sign in")
	}
	return p
}

// SingleSignOn says whether people can sign in through the institution itself.
func (in *Institution) SingleSignOn() bool { return in.OIDC != nil || in.SAML != nil }

// safeURL says whether an address may be trusted with a sign-in: https, or http to this machine.
func safeURL(address string) bool {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.User != nil || u.Fragment != "" {
		return false
	}
	host := u.Hostname()
	return u.Scheme == "https" || u.Scheme == "http" && (host == "localhost" || host == "::1" || strings.HasPrefix(host, "127."))
}
