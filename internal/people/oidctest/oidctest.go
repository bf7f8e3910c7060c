// Package oidctest runs a university's own sign-in in the test's process: a foreign OpenID Connect provider, whose library and login page are
// somebody else's.
package oidctest

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"io"
	"log/slog"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/go-jose/go-jose/v4"
	"github.com/zitadel/oidc/v3/example/server/exampleop"
	"github.com/zitadel/oidc/v3/example/server/storage"
	"github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"
)

// What a site has to know of its provider, and everybody to sign in there.
const (
	Client   = "upstander"
	Secret   = "secret"
	Password = "verysecure"
)

// University is the provider. Change no user while somebody signs in.
type University struct {
	*storage.Storage
	URL   string                   // the issuer
	Users map[string]*storage.User // by subject
	Close func()

	mu     sync.Mutex
	groups map[string][]string
	key    *rsa.PrivateKey // instead of the storage's own, once it has been rotated
	keyID  string
}

// Serve starts a provider that sends browsers back to an address, and stops it when the test ends.
func Serve(t testing.TB, redirect string, users ...storage.User) *University {
	t.Helper()
	u := &University{groups: map[string][]string{}, Users: map[string]*storage.User{}}
	for _, user := range users {
		user.Password = Password
		u.Users[user.ID] = &user
	}
	u.Storage = storage.NewStorageWithClients(u, map[string]*storage.Client{Client: storage.WebClient(Client, Secret, redirect)})
	u.Rotate(t, "first")
	server := httptest.NewUnstartedServer(nil)
	u.URL, u.Close = "http://"+server.Listener.Addr().String(), server.Close
	server.Config.Handler = exampleop.SetupServer(u.URL, u, slog.New(slog.NewTextHandler(io.Discard, nil)), false)
	server.Start()
	t.Cleanup(server.Close)
	return u
}

// Join puts somebody into these groups and no others.
func (u *University) Join(subject string, groups ...string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.groups[subject] = groups
}

// Rotate makes the provider sign with a new key.
func (u *University) Rotate(t testing.TB, id string) {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	u.key, u.keyID = key, id
}

// GetUserByID implements storage.UserStore.
func (u *University) GetUserByID(id string) *storage.User { return u.Users[id] }

// ExampleClientID implements storage.UserStore.
func (u *University) ExampleClientID() string { return "none" }

// GetUserByUsername implements storage.UserStore.
func (u *University) GetUserByUsername(name string) *storage.User {
	for _, user := range u.Users {
		if user.Username == name {
			return user
		}
	}
	return nil
}

// SetUserinfoFromToken adds the groups.
func (u *University) SetUserinfoFromToken(ctx context.Context, info *oidc.UserInfo, tokenID, subject, origin string) error {
	if err := u.Storage.SetUserinfoFromToken(ctx, info, tokenID, subject, origin); err != nil {
		return err
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	info.AppendClaims("groups", u.groups[subject])
	return nil
}

type signingKey struct {
	id  string
	key *rsa.PrivateKey
}

func (k signingKey) SignatureAlgorithm() jose.SignatureAlgorithm { return jose.RS256 }
func (k signingKey) Algorithm() jose.SignatureAlgorithm          { return jose.RS256 }
func (k signingKey) Use() string                                 { return "sig" }
func (k signingKey) Key() any                                    { return k.key }
func (k signingKey) ID() string                                  { return k.id }

type publicKey struct{ signingKey }

func (k publicKey) Key() any { return &k.key.PublicKey }

// SigningKey implements op.Storage.
func (u *University) SigningKey(context.Context) (op.SigningKey, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	return signingKey{u.keyID, u.key}, nil
}

// KeySet implements op.Storage.
func (u *University) KeySet(context.Context) ([]op.Key, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	return []op.Key{publicKey{signingKey{u.keyID, u.key}}}, nil
}
