package people

import "github.com/upstander/upstander/internal/web"

// The session's cookie travels below /app only, so that no request to the public half says who is asking.
func sessionCookie() web.Cookie {
	return web.Cookie{Name: "upstander", Path: "/app", Life: SessionLife}
}

// The challenge's cookie ties a sign-in code to the browser that asked for it.
func challengeCookie() web.Cookie {
	return web.Cookie{Name: "upstander-code", Path: "/app/sign-in", Life: CodeLife}
}

// The held form's cookie keeps what was sent on a session that had run out.
func heldCookie() web.Cookie { return web.Cookie{Name: "upstander-held", Path: "/app", Life: heldLife} }

// The flow's cookie ties what the university's own sign-in sends back to the browser that set out.
func flowCookie() web.Cookie {
	return web.Cookie{Name: "upstander-flow", Path: "/app/sign-in", Life: flowLife}
}

// The claim's cookie holds, until the person has typed a mailed code, which sign-in at the university it is for.
func claimCookie() web.Cookie {
	return web.Cookie{Name: "upstander-claim", Path: "/app/sign-in", Life: claimLife}
}

// The ceremony's cookie ties a passkey's answer to the browser that was asked for it.
func ceremonyCookie() web.Cookie {
	return web.Cookie{Name: "upstander-passkey", Path: "/app", Life: ceremonyLife}
}

// Cookies lists every cookie of the package.
func Cookies() []web.Cookie {
	return []web.Cookie{sessionCookie(), challengeCookie(), heldCookie(), flowCookie(), claimCookie(), ceremonyCookie()}
}
