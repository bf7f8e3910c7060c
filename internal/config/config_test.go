package config

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func lookup(values map[string]string) func(string) (string, bool) {
	return func(name string) (string, bool) { v, ok := values[name]; return v, ok }
}

func TestDefaults(t *testing.T) {
	c, err := Load(lookup(nil))
	if err != nil || c.Addr != "127.0.0.1:8080" || c.URL != "http://localhost:8080" || c.Secure() {
		t.Errorf("%+v, %v", c, err)
	}
}

func TestURLIsNormalised(t *testing.T) {
	c, err := Load(lookup(map[string]string{"UPSTANDER_URL": "HTTPS://Train.Example/"}))
	if err != nil || c.URL != "https://train.example" || !c.Secure() {
		t.Errorf("%q, %v", c.URL, err)
	}
}

func TestFiles(t *testing.T) {
	path := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(path, []byte(strings.Repeat("x", 40)+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := Load(lookup(map[string]string{"UPSTANDER_SECRET_FILE": path}))
	if err != nil || len(c.Secret) != 40 {
		t.Errorf("%q, %v", c.Secret, err)
	}
	if _, err := Load(lookup(map[string]string{"UPSTANDER_SECRET_FILE": path, "UPSTANDER_SECRET": strings.Repeat("y", 40)})); err == nil {
		t.Error("both were taken")
	}
	if _, err := Load(lookup(map[string]string{"UPSTANDER_SECRET_FILE": path + "x"})); err == nil {
		t.Error("a file that is not there was taken")
	}
}

func TestRefused(t *testing.T) {
	for name, value := range map[string]string{
		"URL": "ftp://x", "SECRET": "short", "SECRET_PREVIOUS": "short", "STORE": "postgres://x", "REDIS": "http://x", "SMTP": "x", "TRUSTED_PROXIES": "everybody", "LOG": "information",
	} {
		_, err := Load(lookup(map[string]string{Prefix + name: value}))
		if err == nil || !strings.Contains(err.Error(), Prefix+name) {
			t.Errorf("%s=%s: %v", name, value, err)
		}
	}
	_, err := Load(lookup(map[string]string{"UPSTANDER_URL": "x", "UPSTANDER_LOG": "x"}))
	if err == nil || strings.Count(err.Error(), Prefix) != 2 {
		t.Errorf("not all problems at once: %v", err)
	}
}

func TestSecretsAreNotShown(t *testing.T) {
	c, err := Load(lookup(map[string]string{
		"UPSTANDER_SECRET": strings.Repeat("s3cret", 6), "UPSTANDER_STORE": "mongodb://user:s3cret@host/db", "UPSTANDER_REDIS": "redis://s3cret@host/0?password=s3cret", "UPSTANDER_SMTP": "smtp://user:s3cret@host",
	}))
	if err != nil {
		t.Fatal(err)
	}
	if shown := fmt.Sprint(Table(c)); strings.Contains(shown, "s3cret") || !strings.Contains(shown, "mongodb://host/db") {
		t.Error(shown)
	}
}

func TestKeys(t *testing.T) {
	c := Config{Secret: strings.Repeat("a", 32), SecretPrevious: strings.Repeat("b", 32)}
	one, other := c.Keys("one"), c.Keys("other")
	if len(one) != 2 || len(one[0]) != 32 || bytes.Equal(one[0], other[0]) || bytes.Equal(one[0], one[1]) {
		t.Errorf("%x %x", one, other)
	}
	rotated := Config{Secret: strings.Repeat("c", 32), SecretPrevious: c.Secret}
	if !bytes.Equal(rotated.Keys("one")[1], one[0]) {
		t.Error("after a rotation the old key is not the previous one")
	}
}

// TestReadmeListsEveryVariable compares the README's table with the program's: no row is missing, wrong or left over.
func TestReadmeListsEveryVariable(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, after, _ := strings.Cut(string(readme), "| Variable | Default | Meaning |\n|---|---|---|\n")
	table, _, _ := strings.Cut(after, "\n\n")
	var want []string
	for _, v := range Table(Config{}) {
		def := ""
		if v.Default != "" {
			def = "`" + v.Default + "`"
		}
		want = append(want, fmt.Sprintf("| `%s` | %s | %s |", v.Name, def, v.Help))
	}
	if diff := cmp.Diff(want, strings.Split(table, "\n")); diff != "" {
		t.Errorf("rows of the README (-want +got)\n%s", diff)
	}
}
