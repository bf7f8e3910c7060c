package storetest

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"github.com/upstander/upstander/internal/store"
)

// childVariable makes the test binary run as the process that is going to be killed: its value is the place's address.
const childVariable = "UPSTANDER_TEST_KILL_ME"

func TestMain(m *testing.M) {
	if address := os.Getenv(childVariable); address != "" {
		if err := writeUntilKilled(Place{Address: address}); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// writeUntilKilled prints the id of every document once the store has acknowledged it.
func writeUntilKilled(p Place) error {
	ctx := context.Background()
	e, err := p.Open(ctx)
	if err != nil {
		return err
	}
	c, err := store.Open[thing](ctx, e, things)
	if err != nil {
		return err
	}
	var out sync.Mutex
	var wg sync.WaitGroup
	for w := range 16 {
		wg.Go(func() {
			for i := 0; ; i++ {
				n := w*1_000_000 + i
				d := thing{ID: ID(n), Group: "a", N: int64(n), Due: Now()}
				if err := c.Insert(ctx, d); err != nil {
					fmt.Fprintln(os.Stderr, err)
					return
				}
				out.Lock()
				fmt.Println(d.ID)
				out.Unlock()
			}
		})
	}
	wg.Wait()
	return nil
}

func TestAcknowledgedWritesSurviveKill(t *testing.T) {
	for _, p := range Places(t) {
		t.Run(p.Name, func(t *testing.T) {
			child := exec.Command(os.Args[0])
			child.Env = append(os.Environ(), childVariable+"="+p.Address)
			child.Stderr = os.Stderr
			out, err := child.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := child.Start(); err != nil {
				t.Fatal(err)
			}
			var acknowledged []string
			lines := bufio.NewScanner(out)
			for len(acknowledged) < 300 && lines.Scan() {
				acknowledged = append(acknowledged, lines.Text())
			}
			if err := child.Process.Kill(); err != nil {
				t.Fatal(err)
			}
			for lines.Scan() { // what was acknowledged before the kill reached it; the last line may be cut
				if strings.HasPrefix(lines.Text(), "id-") && len(lines.Text()) >= len(ID(0)) {
					acknowledged = append(acknowledged, lines.Text())
				}
			}
			_ = child.Wait()
			if len(acknowledged) < 300 {
				t.Fatalf("the child wrote %d documents only", len(acknowledged))
			}
			e := open(t, p)
			c := collection(t, e)
			missing := 0
			for _, id := range acknowledged[:len(acknowledged)-1] {
				d, err := c.Get(t.Context(), id)
				if err != nil || d.ID != id {
					missing++
				}
			}
			if missing > 0 {
				t.Errorf("%d of %d acknowledged documents are gone", missing, len(acknowledged))
			}
		})
	}
}
