package app

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/zitadel/oidc/v3/example/server/storage"

	"github.com/upstander/upstander/internal/people/oidctest"
)

// university [LINE …]: before serve: the demo's first university gets a sign-in of its own, with these lines in its entry. Known there are sam,
// whose address it releases, jo, of whom it says nothing but a name of its own making, and kim, who can be put into groups.
func universityCommand(s *story, lines []string) error {
	ln, err := net.Listen("tcp", "127.0.0.1:0") // the provider has to know where to send browsers back to
	if err != nil {
		return err
	}
	s.address = ln.Addr().String()
	if err := ln.Close(); err != nil {
		return err
	}
	s.more = []string{"UPSTANDER_URL=http://" + s.address, "ALDERMOOR_OIDC_SECRET=" + oidctest.Secret}
	s.university = oidctest.Serve(s.env.T().(testing.TB), "http://"+s.address+"/app/sign-in/oidc/aldermoor/callback",
		storage.User{ID: "sam", Username: "sam", Email: "sam@aldermoor.example", EmailVerified: true, FirstName: "Sam", LastName: "Sample"},
		storage.User{ID: "kim", Username: "kim", Email: "kim@aldermoor.example", EmailVerified: true},
		storage.User{ID: "jo", Username: "jo"},
	)
	const domain = "    email_domains: [aldermoor.example]\n"
	entry := fmt.Sprintf("    oidc:\n      issuer: %s\n      client_id: %s\n      client_secret_env: ALDERMOOR_OIDC_SECRET\n", s.university.URL, oidctest.Client)
	for _, l := range lines {
		entry += "      " + l + "\n"
	}
	file := strings.Replace(string(demoInstitutions), domain, domain+entry, 1)
	if err := os.MkdirAll(s.data, 0o700); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(s.data, "institutions.yaml"), []byte(file), 0o600)
}

// through-university USER: from the sign-in page, and back to wherever the university sends the browser
func throughUniversityCommand(s *story, args []string) error {
	if err := s.browser.open("/app/sign-in?at=aldermoor&to=%2Fapp%2Fcertificates"); err != nil {
		return err
	}
	if err := s.browser.follow("Sign in with University of Aldermoor"); err != nil {
		return err
	}
	s.browser.typed["username"], s.browser.typed["password"] = args[:1], []string{oidctest.Password}
	return s.browser.press("Login")
}
