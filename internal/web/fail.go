package web

import (
	"context"
	"errors"
	"log/slog"
	"math"
	"net/http"
	"net/url"
	"strconv"

	"github.com/gofiber/fiber/v2"

	"github.com/upstander/upstander/internal/fault"
)

// errorPage tells what went wrong and what to do.
type errorPage struct {
	Base
	Status int
	Lead   string
	ID     string // to quote when asking for help
}

// statusOf turns an error into an HTTP status; this is the only place that knows both.
func statusOf(err error) int {
	var fe *fiber.Error
	switch {
	case errors.Is(err, fault.NotFound):
		return http.StatusNotFound
	case errors.Is(err, fault.Invalid):
		return http.StatusUnprocessableEntity
	case errors.Is(err, fault.Denied):
		return http.StatusForbidden
	case errors.Is(err, fault.SignIn):
		return http.StatusSeeOther
	case errors.Is(err, fault.Conflict):
		return http.StatusConflict
	case errors.Is(err, fault.TooMany):
		return http.StatusTooManyRequests
	case errors.Is(err, fault.TooLarge):
		return http.StatusRequestEntityTooLarge
	case errors.Is(err, fault.Unavailable), errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return http.StatusServiceUnavailable
	case errors.As(err, &fe):
		return fe.Code
	}
	return http.StatusInternalServerError
}

// fail is the one error handler: it logs what is ours to mend, once, and answers with a page that says what to do.
func (s *Server) fail(c *fiber.Ctx, err error) error {
	r, status := requestOf(c), statusOf(err)
	if status == http.StatusRequestEntityTooLarge && c.Get(placeHeader) == noPlace { // it would not have been too large at another time
		status = http.StatusServiceUnavailable
	}
	s.arriving.free(c.Get(placeHeader))
	if status >= 500 && !r.quiet {
		s.cfg.Log.Log(c.Context(), slog.LevelError, "request failed", "route", c.Route().Path, "status", status, "error", err.Error(), "request_id", r.id)
	}
	if errors.Is(err, fault.SignIn) {
		back := c.OriginalURL()
		if !r.resumes && c.Method() != fiber.MethodGet && c.Method() != fiber.MethodHead {
			back = "/app" // there may be no page where something is posted to
		}
		return Redirect(c, SignInPath(back))
	}
	c.Status(status)
	c.Set(fiber.HeaderCacheControl, "no-store")
	var wait fault.Wait
	if errors.As(err, &wait) {
		c.Set(fiber.HeaderRetryAfter, strconv.Itoa(int(math.Ceil(wait.For.Seconds()))))
	} else if status == http.StatusServiceUnavailable {
		c.Set(fiber.HeaderRetryAfter, "5")
	}
	key := "error." + strconv.Itoa(status)
	page := errorPage{Status: status, ID: r.id}
	page.Base = s.NewBase(c, key+".title")
	if !page.speaker.Knows(key + ".title") {
		key = "error.unknown"
		page.Title = page.T(key + ".title")
	}
	page.Lead = page.T(key + ".lead")
	if rendered := c.Render("error/error", page); rendered != nil {
		s.cfg.Log.Error("the error page cannot be rendered", "error", rendered.Error(), "request_id", r.id)
		return c.SendString(page.Title)
	}
	return nil
}

// SignInPath is where to sign in and then come back to a page of the signed-in half.
func SignInPath(back string) string {
	if back == "/app" || !Inside(back) {
		return "/app/sign-in"
	}
	return "/app/sign-in?to=" + url.QueryEscape(back)
}

// Views lists the package's views and what they show, for the test that checks one against the other.
func Views() map[string]any {
	return map[string]any{"styleguide/guide": guidePage{}, "error/error": errorPage{}}
}
