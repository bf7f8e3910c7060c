package workshop

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/upstander/upstander/internal/fault"
)

// wall returns the projector's page of a room.
func (h *house) wall(r Room) string {
	h.t.Helper()
	key, err := h.OwnScreen(context.Background(), r.ID)
	if err != nil {
		h.t.Fatal(err)
	}
	screen := browser()
	at, _ := url.Parse(h.base + "/room/" + r.ID)
	screen.Jar.SetCookies(at, []*http.Cookie{{Name: "upstander-screen", Value: key, Path: "/room/" + r.ID}})
	_, body := h.get(screen, "/room/"+r.ID+"/screen")
	return body
}

// revealed opens a slide's question, takes an answer, and shows the result.
func (h *house) revealed(slide int, answer ...string) Room {
	h.t.Helper()
	ctx := context.Background()
	r, _ := h.start()
	r = h.to(r, slide)
	h.cast(r, "phone", answer...)
	r = h.must(h.Close(ctx, r.ID, r.At()))
	return h.must(h.Reveal(ctx, r.ID, r.At()))
}

func TestASortShowsOneExampleAtATime(t *testing.T) {
	h := newHouse(t, 0)
	ctx := context.Background()
	r := h.revealed(aLine, "place-whistle", "serious", "place-touch", "crime")
	tpl, err := h.Template(r.Module, r.Template)
	if err != nil {
		t.Fatal(err)
	}
	it, _ := questionAt(tpl, r)
	words := it.Item.In("en")
	for n, thing := range it.Item.Things {
		wall := h.wall(r)
		for _, other := range it.Item.Things {
			if shows := strings.Contains(wall, ">"+words.Things[other.ID].Text+"</h1>"); shows != (other.ID == thing.ID) {
				t.Errorf("example %d: the wall shows %q: %v", n+1, other.ID, shows)
			}
		}
		_, phone := h.get(browser(), "/room/"+r.ID)
		fits := "This fits: " + words.Places[thing.Places[0]]
		for where, page := range map[string]string{"wall": wall, "phone": phone} {
			if !strings.Contains(page, fits) || !strings.Contains(page, string(words.Things[thing.ID].Says)) {
				t.Errorf("example %d: the %s does not say where it fits and why", n+1, where)
			}
		}
		next, err := h.ShowExample(ctx, r.ID, r.At(), 1)
		if n == len(it.Item.Things)-1 {
			if !errors.Is(err, fault.Conflict) {
				t.Errorf("after the last example: %v", err)
			}
			break
		}
		if _, again := h.ShowExample(ctx, r.ID, r.At(), 1); !errors.Is(again, ErrMoved) {
			t.Errorf("a button pressed twice: %v", again)
		}
		r = h.must(next, err)
	}
	if r = h.must(h.Next(ctx, r.ID, r.At())); r.Thing != 0 {
		t.Error("the next slide keeps the example of the one before")
	}
	if _, err := h.ShowExample(ctx, r.ID, r.At(), 1); !errors.Is(err, fault.Conflict) {
		t.Errorf("another slide: %v", err)
	}
}

func TestTheFactOfAMythComesBeforeTheBars(t *testing.T) {
	h := newHouse(t, 0)
	r := h.revealed(aMyth, "verdict", "true", "sure", "3")
	_, phone := h.get(browser(), "/room/"+r.ID)
	for where, page := range map[string]string{"wall": h.wall(r), "phone": phone} {
		fact, bars := strings.Index(page, "It is not."), strings.Index(page, `class="tally"`)
		if fact < 0 || bars < 0 || fact > bars {
			t.Errorf("%s: the fact stands at %d, the bars at %d", where, fact, bars)
		}
	}
	if strings.Contains(h.wall(r), `href="#source`) {
		t.Error("a small number on the wall leads nowhere")
	}
}

func TestSmallNumbersLeadToAList(t *testing.T) {
	const text = `<p>So it is.<a class="cite" href="#source-1">[1]</a><a class="cite" href="#source-12">[12]</a></p>`
	if got := uncited(text); got != "<p>So it is.</p>" {
		t.Error(got)
	}
	if got := string(cites(text, "said-")); strings.Contains(got, `"#source`) || strings.Count(got, `"#said-source-1`) != 2 {
		t.Error(got)
	}
}

func TestWhatDoesNotFitStaysOnThePhones(t *testing.T) {
	short := nowView{Title: "Which one?", Options: []optionView{{Text: "This"}, {Text: "That"}}}
	long := short
	for range 6 {
		long.Options = append(long.Options, optionView{Text: strings.Repeat("more words ", 12)})
	}
	for want, n := range map[bool]nowView{false: short, true: long} {
		p := &screenPage{Now: n}
		if p.arrange(); p.OnPhones != want {
			t.Errorf("%d answers: on the phones %v", len(n.Options), p.OnPhones)
		}
	}
	if got := newest([]string{"one", "two", "three"}, 8); strings.Join(got, " ") != "two three" {
		t.Error(got)
	}
}
