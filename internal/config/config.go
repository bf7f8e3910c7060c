// Package config reads the program's settings from environment variables, once, checks them and can show them.
//
// Every variable X has a twin X_FILE that names a file holding the value, for secrets.
package config

import (
	"crypto/hkdf"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"os"
	"reflect"
	"slices"
	"strings"

	"github.com/caarlos0/env/v11"
)

// Prefix starts the name of every variable.
const Prefix = "UPSTANDER_"

// Config is every setting. The help texts are those of `upstander config` and of the README.
type Config struct {
	Addr           string   `env:"ADDR" envDefault:"127.0.0.1:8080" help:"Address and port to listen on."`
	URL            string   `env:"URL" envDefault:"http://localhost:8080" help:"Public address of the site, as people type it: used in mail links, QR codes and to refuse cross-site posts."`
	Secret         string   `env:"SECRET" secret:"yes" help:"At least 32 characters, kept for ever: keys what is sealed or hashed. Needed outside the demo."`
	SecretPrevious string   `env:"SECRET_PREVIOUS" secret:"yes" help:"The secret before this one, while what it sealed is still about."`
	Data           string   `env:"DATA" envDefault:"data" help:"Folder of institutions.yaml and of the embedded store."`
	Store          string   `env:"STORE" secret:"url" help:"mongodb://… for a MongoDB; empty for the embedded store in the data folder."`
	Redis          string   `env:"REDIS" secret:"url" help:"redis://… or rediss://…; empty for the embedded one, which forgets sign-ins when it stops."`
	SMTP           string   `env:"SMTP" secret:"url" help:"smtp://user:password@host:587, or smtps://…:465: where mail is handed over. Needed outside the demo."`
	MailFrom       string   `env:"MAIL_FROM" envDefault:"Upstander <upstander@localhost>" help:"Sender of all mail."`
	MailRate       int      `env:"MAIL_RATE" envDefault:"300" help:"Reminders and notices of workshops, taken together, that are handed to the mail server in a minute, at most."`
	Modules        string   `env:"MODULES" help:"Folder of training modules; empty for the modules inside the program."`
	TrustedProxies []string `env:"TRUSTED_PROXIES" help:"Networks (10.0.0.0/8) of the proxies in front, which may say where a request comes from; comma-separated."`
	Log            string   `env:"LOG" envDefault:"info" help:"How much is logged: debug, info, warn or error."`
}

// Load reads and checks the environment through lookup, os.LookupEnv outside tests. What could be read comes back beside an error too, so that it can
// be shown.
func Load(lookup func(string) (string, bool)) (Config, error) {
	values := map[string]string{}
	for _, v := range Table(Config{}) {
		value, ok, err := Value(lookup, v.Name)
		if err != nil {
			return Config{}, err
		}
		if ok {
			values[v.Name] = value
		}
	}
	var c Config
	if err := env.ParseWithOptions(&c, env.Options{Prefix: Prefix, Environment: values}); err != nil {
		return Config{}, fmt.Errorf("read the configuration: %w", err)
	}
	c.URL = normal(c.URL)
	return c, c.check()
}

// Value reads one variable, or the file that its twin names.
func Value(lookup func(string) (string, bool), name string) (value string, ok bool, err error) {
	plain, isPlain := lookup(name)
	file, isFile := lookup(name + "_FILE")
	switch {
	case isPlain && isFile:
		return "", false, fmt.Errorf("%s and %s_FILE are both set: choose one", name, name)
	case isPlain:
		return plain, true, nil
	case isFile:
		b, err := os.ReadFile(file)
		if err != nil {
			return "", false, fmt.Errorf("%s_FILE: %w", name, err)
		}
		return strings.TrimRight(string(b), "\r\n"), true, nil
	}
	return "", false, nil
}

// normal brings an address to lower case and takes a slash off its end, so that it can be compared.
func normal(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return address
	}
	u.Scheme, u.Host, u.Path = strings.ToLower(u.Scheme), strings.ToLower(u.Host), strings.TrimSuffix(u.Path, "/")
	return u.String()
}

func (c Config) check() error {
	var problems []error
	fail := func(name, format string, args ...any) {
		problems = append(problems, fmt.Errorf(Prefix+name+": "+format, args...))
	}
	if u, err := url.Parse(c.URL); err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" || u.Path != "" || u.RawQuery != "" {
		fail("URL", "must be http(s)://host without a path")
	}
	if c.Secret != "" && len(c.Secret) < 32 {
		fail("SECRET", "must have at least 32 characters")
	}
	if c.SecretPrevious != "" && len(c.SecretPrevious) < 32 {
		fail("SECRET_PREVIOUS", "must have at least 32 characters")
	}
	for name, value := range map[string]string{"STORE": c.Store, "REDIS": c.Redis, "SMTP": c.SMTP} {
		schemes := map[string][]string{"STORE": {"mongodb://", "mongodb+srv://"}, "REDIS": {"redis://", "rediss://"}, "SMTP": {"smtp://", "smtps://"}}[name]
		if value != "" && !hasPrefix(value, schemes) {
			fail(name, "must start with %s", strings.Join(schemes, " or "))
		}
	}
	if c.Data == "" {
		fail("DATA", "must name a folder")
	}
	for _, p := range c.TrustedProxies {
		if _, err := netip.ParsePrefix(p); err != nil {
			fail("TRUSTED_PROXIES", "%q is no network", p)
		}
	}
	if c.MailRate < 1 {
		fail("MAIL_RATE", "must be at least 1")
	}
	if !slices.Contains([]string{"debug", "info", "warn", "error"}, c.Log) {
		fail("LOG", "must be debug, info, warn or error")
	}
	return errors.Join(problems...)
}

func hasPrefix(s string, prefixes []string) bool {
	for _, p := range prefixes {
		if strings.HasPrefix(s, p) {
			return true
		}
	}
	return false
}

// Secure says whether people reach the site over https.
func (c Config) Secure() bool { return strings.HasPrefix(c.URL, "https://") }

// Proxies returns the trusted networks.
func (c Config) Proxies() []netip.Prefix {
	var all []netip.Prefix
	for _, p := range c.TrustedProxies {
		if n, err := netip.ParsePrefix(p); err == nil {
			all = append(all, n)
		}
	}
	return all
}

// Keys returns the 32-byte keys for a purpose: the current one first, then the previous one where there is one. A key for one
// purpose tells nothing about another.
func (c Config) Keys(purpose string) [][]byte {
	var keys [][]byte
	for _, s := range []string{c.Secret, c.SecretPrevious} {
		if s == "" {
			continue
		}
		key, err := hkdf.Key(sha256.New, []byte(s), nil, "upstander/"+purpose, 32)
		if err == nil { // fails only for lengths that no 32-byte key has
			keys = append(keys, key)
		}
	}
	return keys
}

// Variable is one row of the table of settings.
type Variable struct {
	Name    string
	Default string
	Value   string // redacted where it is secret
	Help    string
}

// Table lists every variable with its default and c's value, in the order of the README.
func Table(c Config) []Variable {
	t, v := reflect.TypeFor[Config](), reflect.ValueOf(c)
	var rows []Variable
	for i := range t.NumField() {
		f := t.Field(i)
		value := fmt.Sprint(v.Field(i).Interface())
		if list, ok := v.Field(i).Interface().([]string); ok {
			value = strings.Join(list, ",")
		}
		rows = append(rows, Variable{
			Name: Prefix + f.Tag.Get("env"), Default: f.Tag.Get("envDefault"), Value: redact(value, f.Tag.Get("secret")), Help: f.Tag.Get("help"),
		})
	}
	return rows
}

func redact(value, secret string) string {
	switch {
	case value == "" || secret == "":
		return value
	case secret == "url":
		u, err := url.Parse(value)
		if err != nil || u.Host == "" {
			return "(set)"
		}
		return u.Scheme + "://" + u.Host + u.Path // options may hold passwords too
	}
	return "(set)"
}
