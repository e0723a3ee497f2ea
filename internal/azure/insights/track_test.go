package insights

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/lazuli-dev/lazuli/internal/telemetry/item"
)

// envelopeOf is an envelope of now.
func envelopeOf(kind, data, tags string) string {
	return envelopeAt(time.Now(), labKey, kind, data, tags)
}

func envelopeAt(at time.Time, key, kind, data, tags string) string {
	return fmt.Sprintf(`{"ver":1,"name":"n","time":%q,"sampleRate":100,"iKey":%q,"tags":{%s},"data":{"baseType":%q,"baseData":{"ver":2%s}}}`,
		at.UTC().Format(time.RFC3339Nano), key, tags, kind, data)
}

type replyOf struct {
	ItemsReceived, ItemsAccepted int
	Errors                       []struct {
		Index, StatusCode int
		Message           string
	}
}

func (l *lab) track(body string, headers ...string) (int, replyOf) {
	l.t.Helper()
	code, text, _ := l.send("/v2.1/track", body, headers...)
	var out replyOf
	if err := json.Unmarshal([]byte(text), &out); err != nil {
		l.t.Fatalf("%d %s: %v", code, text, err)
	}
	return code, out
}

// TestTypes: every type, with the forms that clients write.
func TestTypes(t *testing.T) {
	for name, c := range map[string]struct {
		kind, data, tags string
		want             string
	}{
		"request of Python": {
			"RequestData", `,"id":"00f067aa0ba902b7","name":"GET /o","duration":"0.00:00:00.031","success":true,"responseCode":"200","url":"http://h/o","source":"s","properties":{"a":"b"},"measurements":{"m":1.5}`,
			`"ai.operation.id":"0af7651916cd43dd8448eb211c80319c","ai.operation.parentId":"b7ad6b7169203331","ai.cloud.role":"shop"`,
			`{"ID":"00f067aa0ba902b7","Name":"GET /o","Source":"s","URL":"http://h/o","Success":true,"ResultCode":"200","Duration":31000000} [{a b}] [{m 1.5}] 0af7651916cd43dd8448eb211c80319c b7ad6b7169203331`,
		},
		"dependency of Node": {
			"RemoteDependencyData", `,"id":"1","name":"q","duration":"00:00:00.0069820","success":false,"resultCode":0,"data":"SELECT 1","type":"SQL","target":"h|db"`, "",
			`{"ID":"1","Name":"q","Target":"h|db","Kind":"SQL","Data":"SELECT 1","Success":false,"ResultCode":"0","Duration":6982000} [] []  `,
		},
		"level as a name":   {"MessageData", `,"message":"low","severityLevel":"Warning"`, `"ai.operation.id":"00000000000000000000000000000000","ai.operation.parentId":"0000000000000000"`, `{"Message":"low","Severity":3} [] []  `},
		"level as a number": {"MessageData", `,"message":"a\n\u00e9\ud83d\ude00\"","severityLevel":4`, `"ai.operation.id":"|00000000000000000000000000000000.0000000000000000."`, `{"Message":"a\né😀\"","Severity":5} [] []  `},
		"exception": {
			"ExceptionData", `,"problemId":"p","severityLevel":3,"exceptions":[{"id":1,"outerId":0,"typeName":"E","message":"m","hasFullStack":true,"stack":"s","parsedStack":[{"level":0,"method":"f","assembly":"a","fileName":"x.py","line":7}]},{"typeName":"C","outerId":1}]`, "",
			`{"Chain":[{"ID":1,"OuterID":0,"Type":"E","Message":"m","Stack":"s","Frames":[{"Level":0,"Method":"f","Assembly":"a","File":"x.py","Line":7}]},{"ID":0,"OuterID":1,"Type":"C","Message":"","Stack":"","Frames":null}],"Severity":4,"ProblemID":"p","HandledAt":""} [] []  `,
		},
		"event":               {"EventData", `,"name":"sold"`, "", `{"Name":"sold"} [] []  `},
		"metric":              {"MetricData", `,"metrics":[{"name":"queue","kind":0,"value":5}]`, "", `{"Name":"queue","Sum":5,"Count":0,"Min":5,"Max":5,"StdDev":0} [] []  `},
		"aggregation":         {"MetricData", `,"metrics":[{"ns":"","name":"queue","kind":"Aggregation","value":9,"count":3,"min":1,"max":5,"stdDev":2}]`, "", `{"Name":"queue","Sum":9,"Count":3,"Min":1,"Max":5,"StdDev":2} [] []  `},
		"performance counter": {"MetricData", `,"metrics":[{"name":"\\Process(??APP_WIN32_PROC??)\\Private Bytes","value":5}]`, "", `{"Name":"\\Process(??APP_WIN32_PROC??)\\Private Bytes","Category":"Process","Counter":"Private Bytes","Instance":"??APP_WIN32_PROC??","Value":5} [] []  `},
		"availability":        {"AvailabilityData", `,"id":"i","name":"ping","duration":"00:00:01","success":true,"runLocation":"here","message":"ok"`, "", `{"ID":"i","Name":"ping","Location":"here","Success":true,"Message":"ok","Size":0,"Duration":1000000000} [] []  `},
		"page":                {"PageviewData", `,"id":"i","name":"home","url":"http://h/","duration":"12","referrerUri":"http://r"`, "", `{"ID":"i","Name":"home","URL":"http://h/","Duration":12000000} [{refUri http://r}] []  `},
		"timing":              {"PageviewPerformanceData", `,"name":"home","url":"u","perfTotal":"00:00:01","networkConnect":"00:00:00.1","sentRequest":"00:00:00.2","receivedResponse":"00:00:00.3","domProcessing":"00:00:00.4"`, "", `{"Name":"home","URL":"u","Network":100000000,"Send":200000000,"Receive":300000000,"Processing":400000000,"Total":1000000000} [] []  `},
		"OpenCensus' ids":     {"EventData", `,"name":"x"`, `"ai.operation.id":"0af7651916cd43dd8448eb211c80319c","ai.operation.parentId":"|0af7651916cd43dd8448eb211c80319c.b7ad6b7169203331."`, `{"Name":"x"} [] [] 0af7651916cd43dd8448eb211c80319c b7ad6b7169203331`},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLab(t)
			if code, got := l.track("[" + envelopeOf(c.kind, c.data, c.tags) + "]"); code != 200 || got.ItemsAccepted != 1 || len(got.Errors) != 0 {
				t.Fatal(code, got)
			}
			i := l.got[0]
			body, err := json.Marshal(i.Body)
			if err != nil {
				t.Fatal(err)
			}
			if got := fmt.Sprintf("%s %v %v %s %s", body, i.Properties, i.Measurements, i.Operation.ID, i.Operation.ParentID); got != c.want {
				t.Errorf("%s\nwant %s", got, c.want)
			}
		})
	}
}

// TestOrderOfMembers: the type may stand behind the data, and what nobody knows is skipped.
func TestOrderOfMembers(t *testing.T) {
	l := newLab(t)
	code, got := l.track(fmt.Sprintf(`{"flags":{"a":[1,{"b":null}]},"data":{"baseData":{"name":"x","unknown":[[]],"properties":{"n":7,"o":{"p":1},"z":null}},"baseType":"EventData"},"iKey":"%s","time":"%s"}`,
		strings.ToUpper(labKey), time.Now().UTC().Format("2006-01-02T15:04:05.000"))) // no zone: UTC
	if code != 200 || len(l.got) != 1 {
		t.Fatal(code, got)
	}
	if code, text, _ := l.send("//v2.1/track", envelopeOf("EventData", `,"name":"x"`, "")); code != 200 {
		t.Error("behind an endpoint with a slash: ", code, text)
	}
	if p := fmt.Sprint(l.got[0].Properties); p != `[{n 7} {o {"p":1}} {z }]` {
		t.Error(p)
	}
}

// TestBadAmongGood: what is wrong is refused by its place, and the rest is taken.
func TestBadAmongGood(t *testing.T) {
	good := envelopeOf("EventData", `,"name":"good"`, "")
	bad := map[string]string{
		"cut off inside":   `{"iKey":"x","data":{"baseType":}}`,
		"no type":          envelopeOf("NobodysData", "", ""),
		"no data":          fmt.Sprintf(`{"iKey":%q,"time":%q}`, labKey, time.Now().Format(time.RFC3339)),
		"unknown key":      envelopeAt(time.Now(), "31111111-2222-3333-4444-555555555555", "EventData", `,"name":"x"`, ""),
		"days old":         envelopeAt(time.Now().Add(-72*time.Hour), labKey, "EventData", `,"name":"x"`, ""),
		"days ahead":       envelopeAt(time.Now().Add(72*time.Hour), labKey, "EventData", `,"name":"x"`, ""),
		"no time":          fmt.Sprintf(`{"iKey":%q,"time":"yesterday","data":{"baseType":"EventData","baseData":{"name":"x"}}}`, labKey),
		"a number":         `7`,
		"a string":         `"]}{["`,
		"deep":             `{"x":` + strings.Repeat("[", 200) + strings.Repeat("]", 200) + `}`,
		"control":          "{\"a\":\"\x01\"}",
		"long":             `{"x":"` + strings.Repeat("y", maxItem) + `"}`,
		"members":          envelopeOf("EventData", `,"name":"x","properties":{`+strings.TrimSuffix(strings.Repeat(`"k":"v",`, maxMembers+1), ",")+`}`, ""),
		"thousand metrics": envelopeOf("MetricData", `,"metrics":[`+strings.TrimSuffix(strings.Repeat(`{"name":"m","value":1},`, maxMembers+1), ",")+`]`, ""),
		"duration":         envelopeOf("RequestData", `,"duration":"later"`, ""),
		"a value of NaN":   envelopeOf("MetricData", `,"metrics":[{"name":"m","value":"NaN"}]`, ""),
	}
	for name, text := range bad {
		for form, body := range map[string]string{"array": "[" + good + "," + text + ",\n" + good + "]", "lines": good + "\n" + text + "\n" + good + "\n"} {
			t.Run(name+"/"+form, func(t *testing.T) {
				l := newLab(t)
				code, got := l.track(body)
				if code != http.StatusPartialContent || got.ItemsReceived != 3 || got.ItemsAccepted != 2 || len(got.Errors) != 1 || got.Errors[0].Index != 1 || got.Errors[0].StatusCode != 400 || len(l.got) != 2 {
					t.Errorf("%d %+v, %d kept", code, got, len(l.got))
				}
			})
		}
	}
	l := newLab(t)
	if code, got := l.track("[" + bad["days old"] + "]"); code != 400 || !strings.HasPrefix(got.Errors[0].Message, "103: Field 'time' on type 'Envelope' is older than the allowed min date. Expected: now - 172800000ms") {
		t.Error(code, got)
	}
	for _, body := range []string{"", "[", "[" + good, "[" + good + good + "]", "{", `{"a":"`} {
		if code, got := newLab(t).track(body); code != 400 && code != 206 || len(got.Errors) == 0 {
			t.Errorf("%.20q: %d %v", body, code, got)
		}
	}
}

// TestHostileTexts: whatever a field says is kept as it is, cut at its length, and bytes
// that are no text do not stay.
func TestHostileTexts(t *testing.T) {
	l := newLab(t)
	html := `<script>alert(1)</script>`
	value := strings.Repeat("é", 40_000)
	code, got := l.track(envelopeOf("MessageData", `,"message":"`+value+`","properties":{"`+html+`":"`+html+`","bag":"`+strings.Repeat("x", 64<<10)+`","`+strings.Repeat("k", 300)+"\":\"\xff\xfe\"}", `"ai.cloud.role":"`+html+`"`))
	if code != 200 {
		t.Fatal(code, got)
	}
	i := l.got[0]
	if n := len([]rune(i.Body.(*item.Trace).Message)); n != messageText {
		t.Errorf("the message has %d characters", n)
	}
	p := i.Properties
	if i.Role != html || p[0].Name != html || p[0].Value != html || len(p[1].Value) != propertyValue || len(p[2].Name) != propertyName || p[2].Value != "\uFFFD" && p[2].Value != "\uFFFD\uFFFD" {
		t.Errorf("%.300v", p)
	}
}

// TestGzip: packed bodies are read, and bombs are not.
func TestGzip(t *testing.T) {
	packed := func(text string) string {
		var out bytes.Buffer
		w := gzip.NewWriter(&out)
		if _, err := w.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		return out.String()
	}
	l := newLab(t)
	good := envelopeOf("EventData", `,"name":"good"`, "")
	if code, got := l.track(packed(good+"\n"+good), "Content-Encoding", "gzip", "Content-Type", "application/x-json-stream"); code != 200 || got.ItemsAccepted != 2 {
		t.Error(code, got)
	}
	for name, c := range map[string]struct {
		body, encoding string
		want           int
	}{
		"bomb":      {packed(strings.Repeat(" ", maxBody+1)), "gzip", http.StatusRequestEntityTooLarge},
		"not gzip":  {good, "gzip", http.StatusBadRequest},
		"half":      {packed(good)[:40], "gzip", http.StatusBadRequest},
		"other":     {good, "br", http.StatusBadRequest},
		"too large": {strings.Repeat(" ", maxSent+1), "", http.StatusRequestEntityTooLarge},
	} {
		if code, got := l.track(c.body, "Content-Encoding", c.encoding); code != c.want || got.ItemsAccepted != 0 || len(got.Errors) != 1 {
			t.Errorf("%s: %d %v", name, code, got)
		}
	}
	if held := l.held.Load(); held != 0 {
		t.Errorf("%d bytes are held by nobody", held)
	}
}

// TestFull: what finds no room is to come again, and only that.
func TestFull(t *testing.T) {
	good := envelopeOf("EventData", `,"name":"good"`, "")
	l := newLab(t)
	l.room = 2
	code, text, header := l.send("/v2.1/track", good+"\n"+good+"\n"+good)
	if code != http.StatusPartialContent || header.Get("Retry-After") == "" || !strings.Contains(text, `"index":2,"statusCode":429`) {
		t.Error(code, text, header)
	}
	code, text, header = l.send("/v2.1/track", good)
	if code != http.StatusTooManyRequests || header.Get("Retry-After") == "" {
		t.Error(code, text, header)
	}
}

// TestWhoMaySend: a component without local authentication takes tokens.
func TestWhoMaySend(t *testing.T) {
	body := envelopeAt(time.Now(), otherKey, "EventData", `,"name":"x"`, "")
	for token, want := range map[string]int{"": 401, "another": 403, labToken: 200} {
		l := newLab(t)
		if code, got := l.track(body, "Authorization", "Bearer "+token); code != want || (len(l.got) == 1) != (want == 200) {
			t.Errorf("%q: %d %v", token, code, got)
		}
	}
}

// TestStatsbeat: what clients tell their maker of themselves is taken and dropped.
func TestStatsbeat(t *testing.T) {
	l := newLab(t)
	code, got := l.track(envelopeAt(time.Now(), "c4a29126-a7cb-47e5-b348-11414998b11e", "MetricData", `,"metrics":[{"name":"m","value":1}]`, ""))
	if code != 200 || got.ItemsAccepted != 1 || len(l.got) != 0 {
		t.Error(code, got, l.got)
	}
}

// TestManyKeys: a body of invented keys is refused, each of its items.
func TestManyKeys(t *testing.T) {
	l := newLab(t)
	var all []string
	for n := range 200 {
		all = append(all, envelopeAt(time.Now(), fmt.Sprintf("%08d-2222-3333-4444-555555555555", n), "EventData", `,"name":"x"`, ""))
	}
	all = append(all, envelopeOf("EventData", `,"name":"x"`, ""))
	if code, got := l.track(strings.Join(all, "\n")); code != 400 || len(got.Errors) != 201 || len(l.got) != 0 {
		t.Error(code, len(got.Errors), len(l.got))
	}
}

// TestSampled: one of three stands for three.
func TestSampled(t *testing.T) {
	l := newLab(t)
	body := strings.Replace(envelopeOf("EventData", `,"name":"x"`, ""), `"sampleRate":100`, `"sampleRate":33.3`, 1)
	if code, _ := l.track(body); code != 200 || l.got[0].Count != 3 {
		t.Error(code, l.got[0].Count)
	}
}

func TestSpans(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"0.00:00:00.003": 3 * time.Millisecond, "00:00:00.0069820": 6982 * time.Microsecond, "1.02:03:04.5": 26*time.Hour + 3*time.Minute + 4*time.Second + 500*time.Millisecond,
		"00:00:01": time.Second, "25:00:00": 25 * time.Hour, "999.23:59:59.9999999": 1000*24*time.Hour - 100,
	} {
		if got, ok := span(text); !ok || got != want {
			t.Errorf("%s: %v %v", text, got, ok)
		}
	}
	for _, text := range []string{"", ":", "1000.00:00:00", "0.00:00", "00:60:00", "00:00:60", "-1:00:00", "00:00:00.x", "1e3:00:00", "99999999:00:00", "1.2.3:4:5"} {
		if got, ok := span(text); ok {
			t.Errorf("%q is %v", text, got)
		}
	}
}

// FuzzTrack: no body ends the service, and its reply accounts for all it received.
func FuzzTrack(f *testing.F) {
	good := envelopeOf("RequestData", `,"id":"1","duration":"00:00:01","properties":{"a":"\u00e9"}`, `"ai.operation.id":"|1.2."`)
	for _, seed := range []string{good, "[" + good + "," + good + "]", good + "\n{\n" + good, "[{}]", `[{"data":{"baseData":{},"baseType":"MetricData"}}]`, "\xef\xbb\xbf[]", `{"a":"\`, `[}`, `["]"]`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, body string) {
		l := newLab(t)
		code, got := l.track(body)
		if got.ItemsAccepted+len(got.Errors) != got.ItemsReceived || (code == 200) != (len(got.Errors) == 0) {
			t.Errorf("%d %+v", code, got)
		}
		for _, i := range l.got {
			if i.Body == nil || i.Time.IsZero() {
				t.Errorf("%+v", i)
			}
		}
	})
}

// FuzzReader: what is JSON is read to its end, and element finds that end too.
func FuzzReader(f *testing.F) {
	for _, seed := range []string{`{"a":[1,"\u00e9\ud83d",true,null,{}]}`, `"x\"y"`, `[`, `-1.5e3`, `{"a":1,}`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		r := &reader{text: text}
		r.skip()
		if json.Valid([]byte(text)) && r.why != "" && !strings.Contains(r.why, "nested") {
			t.Errorf("%q: %s", text, r.why)
		}
		if trimmed := strings.TrimSpace(text); json.Valid([]byte(text)) && (trimmed[0] == '{' || trimmed[0] == '[') && element(trimmed) != len(trimmed) {
			t.Errorf("%q: element %d of %d", trimmed, element(trimmed), len(trimmed))
		}
	})
}
