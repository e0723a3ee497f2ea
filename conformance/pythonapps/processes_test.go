package pythonapps

import (
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// three serves the app with three worker processes.
func three(t *testing.T) (running, bool) {
	t.Helper()
	t.Setenv("FUNCTIONS_WORKER_PROCESS_COUNT", "3")
	return up(t, "apps/processes")
}

// who asks n times which process answers.
func (r running) who(t *testing.T, n int) map[int]map[string]any {
	t.Helper()
	found := map[int]map[string]any{}
	for range n {
		a := r.call(t, http.MethodGet, "/api/who", "")
		if a.StatusCode != http.StatusOK {
			t.Errorf("an innocent call: %s %s", a.Status, a.body)
			continue
		}
		w := object(t, a.body)
		found[int(w["pid"].(float64))] = w
	}
	return found
}

func (r running) awaitThree(t *testing.T) map[int]map[string]any {
	t.Helper()
	var found map[int]map[string]any
	eventually(t, func() bool { found = r.who(t, 6); return len(found) == 3 }, "three processes answer", r.Said)
	return found
}

// TestProcesses: invocations are spread over the processes, each of its own, and
// whatever happens to one is nothing to the others.
func TestProcesses(t *testing.T) {
	r, ok := three(t)
	if !ok {
		return
	}
	first := r.awaitThree(t)
	drawn := map[any]bool{}
	for pid, w := range first {
		drawn[w["random"]] = true
		if int(w["group"].(float64)) != pid || w["main"] != "MainThread" || w["cwd"] != r.dir {
			t.Errorf("%v", w)
		}
	}
	if len(drawn) != 3 {
		t.Errorf("processes draw the same numbers: %v", first)
	}
	for _, end := range []string{"die", "killed", "rubbish", "hang"} {
		t.Run(end, func(t *testing.T) { r.endsAlone(t, end) })
	}
	if a := r.call(t, http.MethodGet, "/api/memory", ""); a.StatusCode != http.StatusInternalServerError {
		t.Errorf("memory: %s", a.Status)
	}
	r.says(t, "MemoryError")
	r.awaitThree(t)
	r.losesTemplate(t, first)
	r.idles(t)
}

// endsAlone: one process ends in some way, while two others run a function each.
func (r running) endsAlone(t *testing.T, way string) {
	before := r.awaitThree(t)
	busy := strings.Count(r.Said(), "Executing 'Functions.slow'")
	var all sync.WaitGroup
	for range 2 {
		all.Go(func() {
			if a := r.call(t, http.MethodGet, "/api/slow", ""); a.StatusCode != http.StatusOK {
				t.Errorf("what another process runs: %s %s", a.Status, a.body)
			}
		})
	}
	begun := func() int { return strings.Count(r.Said(), "Executing 'Functions.slow'") }
	eventually(t, func() bool { return begun() == busy+2 }, "two processes are busy, so that the third is asked", r.Said)
	if a := r.call(t, http.MethodGet, "/api/"+way, ""); a.StatusCode != http.StatusInternalServerError && way != "rubbish" {
		t.Errorf("%s: %s", way, a.Status)
	}
	all.Wait()
	eventually(t, func() bool {
		now := r.who(t, 6)
		replaced := 0
		for pid := range now {
			if before[pid] == nil {
				replaced++
			}
		}
		return len(now) == 3 && replaced == 1
	}, "one of three is another", r.Said)
}

// losesTemplate: workers outlive the process that they were forked from, and others
// come after it.
func (r running) losesTemplate(t *testing.T, _ map[int]map[string]any) {
	before := r.awaitThree(t)
	for _, w := range before {
		if parent := int(w["parent"].(float64)); parent != r.PID() { // else this system does not fork
			_ = syscall.Kill(parent, syscall.SIGKILL) // the first of three does it
		}
	}
	if now := r.who(t, 6); len(now) != 3 {
		t.Errorf("they ended with it: %v", now)
	}
	if a := r.call(t, http.MethodGet, "/api/die", ""); a.StatusCode != http.StatusInternalServerError {
		t.Errorf("die: %s", a.Status)
	}
	after := r.awaitThree(t)
	fresh := 0
	for pid := range after {
		if before[pid] == nil {
			fresh++
		}
	}
	if fresh != 1 {
		t.Errorf("%v, then %v", before, after)
	}
}

// idles: lazuli and its workers use next to nothing while nothing is asked.
func (r running) idles(t *testing.T) {
	if _, err := os.Stat("/proc/self/stat"); err != nil {
		return
	}
	pids := []int{r.PID()}
	for pid := range r.awaitThree(t) {
		pids = append(pids, pid)
	}
	used := func() (all int) {
		for _, pid := range pids {
			all += ticks(t, pid)
		}
		return all
	}
	before, begun := used(), time.Now()
	time.Sleep(1500 * time.Millisecond)
	if spent, most := used()-before, int(time.Since(begun).Seconds()*20); spent > most { // 100 a second are a processor
		t.Errorf("%d hundredths of a second of processor time, at most %d", spent, most)
	}
}

// ticks is the processor time that a process has used, in hundredths of a second.
func ticks(t *testing.T, pid int) int {
	t.Helper()
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		t.Fatal(err)
	}
	fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
	user, _ := strconv.Atoi(fields[11]) // digits, by the system
	system, _ := strconv.Atoi(fields[12])
	return user + system
}

// TestKilledHost: workers, and what they have started, end with a lazuli that is
// killed.
func TestKilledHost(t *testing.T) {
	r, ok := three(t)
	if !ok {
		return
	}
	var left []int
	for pid := range r.awaitThree(t) {
		left = append(left, pid)
	}
	child, err := strconv.Atoi(r.get(t, "/api/child"))
	if err != nil {
		t.Fatal(err)
	}
	r.Kill(t)
	eventually(t, func() bool {
		for _, pid := range append(left, child) {
			if syscall.Kill(pid, 0) == nil && !zombie(pid) {
				return false
			}
		}
		return true
	}, "all of them end")
}

// zombie reports a process that has ended and that nobody has taken note of, as
// happens where process 1 does not.
func zombie(pid int) bool {
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return false
	}
	return strings.HasPrefix(string(text[strings.LastIndexByte(string(text), ')')+1:]), " Z")
}
