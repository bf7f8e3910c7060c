package people

import (
	"strings"
	"time"
)

// Cookie is one that the program sets. There are no others: the cookie page lists Cookies, and a test compares the two.
type Cookie struct {
	Name string
	Path string // where it travels
	Life time.Duration
}

// The session's cookie travels below /app only, so that no request to the public half says who is asking.
func sessionCookie() Cookie { return Cookie{"upstander", "/app", SessionLife} }

// The challenge's cookie ties a sign-in code to the browser that asked for it.
func challengeCookie() Cookie { return Cookie{"upstander-code", "/app/sign-in", CodeLife} }

// The held form's cookie keeps what was sent on a session that had run out.
func heldCookie() Cookie { return Cookie{"upstander-held", "/app", heldLife} }

// The flow's cookie ties what the university's own sign-in sends back to the browser that set out.
func flowCookie() Cookie { return Cookie{"upstander-flow", "/app/sign-in", flowLife} }

// The claim's cookie holds, until the person has typed a mailed code, which sign-in at the university it is for.
func claimCookie() Cookie { return Cookie{"upstander-claim", "/app/sign-in", claimLife} }

// The ceremony's cookie ties a passkey's answer to the browser that was asked for it.
func ceremonyCookie() Cookie { return Cookie{"upstander-passkey", "/app", ceremonyLife} }

// Cookies lists every cookie of the program.
func Cookies() []Cookie {
	return []Cookie{sessionCookie(), challengeCookie(), heldCookie(), flowCookie(), claimCookie(), ceremonyCookie()}
}

// NameOn is the cookie's name at a public address: over https browsers hold a name with a prefix to its promise.
func (k Cookie) NameOn(url string) string {
	if strings.HasPrefix(url, "https://") {
		return "__Secure-" + k.Name
	}
	return k.Name
}
