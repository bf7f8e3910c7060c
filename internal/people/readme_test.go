package people_test

import (
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/upstander/upstander/internal/people"
)

// TestReadmeExamplesLoad reads each example of README.md as an operator would have copied it.
func TestReadmeExamplesLoad(t *testing.T) {
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	examples := regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllStringSubmatch(string(text), -1)
	kinds := map[string]people.Institution{}
	for _, e := range examples {
		lines := "\n    " + strings.ReplaceAll(strings.TrimSpace(e[1]), "\n", "\n    ") + "\n"
		list, err := people.ReadInstitutions([]byte(institutionsWith(lines)), []string{"en", "cy"})
		if err != nil {
			t.Fatalf("%s\n%v", e[1], err)
		}
		switch in := list[0]; {
		case in.OIDC != nil:
			kinds["oidc"] = in
		case in.SAML != nil:
			kinds["saml"] = in
		default:
			kinds["sign_in"] = in
		}
	}
	if len(kinds) != 3 {
		t.Fatalf("examples of %d kinds", len(kinds))
	}
	for kind, in := range kinds {
		if in.SignIn.Codes != people.CodesStudents {
			t.Errorf("%s: codes are for %q", kind, in.SignIn.Codes)
		}
	}
	if got := kinds["oidc"].OIDC; got.Roles["training-office"] != people.Staff || got.Attributes.ExternalID == "" {
		t.Errorf("oidc: %+v", got)
	}
	if got := kinds["saml"].SAML; len(got.Roles) != 2 || got.MetadataSigner == "" {
		t.Errorf("saml: %+v", got)
	}
}

// TestReadmeExplainsEveryEntry finds entries of institutions.yaml that the README says nothing about.
func TestReadmeExplainsEveryEntry(t *testing.T) {
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	var check func(of reflect.Type)
	check = func(of reflect.Type) {
		for i := range of.NumField() {
			f := of.Field(i)
			name, options, _ := strings.Cut(f.Tag.Get("yaml"), ",")
			if options == "inline" {
				check(f.Type)
			} else if !strings.Contains(string(text), "`"+name+"`") && !regexp.MustCompile(`(?m)^\s*`+name+":").Match(text) {
				t.Errorf("%s of %s", name, of.Name())
			}
			if f.Type.Kind() == reflect.Struct && options != "inline" {
				check(f.Type)
			}
		}
	}
	for _, of := range []any{people.SignIn{}, people.OIDC{}, people.SAML{}} {
		check(reflect.TypeOf(of))
	}
}
