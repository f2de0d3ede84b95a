package sms_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"os/exec"
	"strings"
	"testing"
	"time"

	"callwright"
	"callwright/internal/outbound"
	"callwright/internal/secret"
	"callwright/internal/skill/sms"
)

const parts = "../../../e2e/sms"

// A judge asks Twilio's own libraries, which run in one program.
type judge struct {
	in  io.Writer
	out *bufio.Scanner
}

func mustJudge(t testing.TB) *judge {
	t.Helper()
	cmd := exec.Command("node", parts+"/judge.mjs")
	cmd.Stderr = t.Output()
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatalf("%v: make parts installs it", err)
	}
	t.Cleanup(func() {
		in.Close()
		cmd.Wait()
	})
	return &judge{in, bufio.NewScanner(out)}
}

func (j *judge) ask(t testing.TB, question, answer any) {
	t.Helper()
	raw, err := json.Marshal(question)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := j.in.Write(append(raw, '\n')); err != nil {
		t.Fatal(err)
	}
	if !j.out.Scan() {
		t.Fatal("the judge does not answer (make parts installs it)")
	}
	if err := json.Unmarshal(j.out.Bytes(), answer); err != nil {
		t.Fatalf("%s: %v", j.out.Text(), err)
	}
}

// The counts of the specification's borders, and Twilio's own for them and for texts of
// chance.
func TestSegments(t *testing.T) {
	t.Parallel()
	j := mustJudge(t)
	agree := func(text string, got sms.Size) {
		t.Helper()
		var want struct {
			Encoding string
			Segments int
		}
		j.ask(t, map[string]string{"text": text}, &want)
		if got.Encoding != want.Encoding || got.Segments != want.Segments {
			t.Errorf("%q: got %+v, and Twilio counts %+v", text, got, want)
		}
	}
	of := strings.Repeat
	for _, c := range []struct {
		text string
		want sms.Size
	}{
		{"a", sms.Size{Encoding: "GSM-7", Characters: 1, Segments: 1}},
		{of("a", 160), sms.Size{Encoding: "GSM-7", Characters: 160, Segments: 1}},
		{of("a", 161), sms.Size{Encoding: "GSM-7", Characters: 161, Segments: 2}},
		{of("a", 306), sms.Size{Encoding: "GSM-7", Characters: 306, Segments: 2}},
		{of("a", 307), sms.Size{Encoding: "GSM-7", Characters: 307, Segments: 3}},
		{of("a", 1530), sms.Size{Encoding: "GSM-7", Characters: 1530, Segments: 10}},
		{"@£$¥èéùìòÇ\nØøÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ÄÖÑÜ§¿äöñüà", sms.Size{Encoding: "GSM-7", Characters: 74, Segments: 1}},
		{"^{}\\[~]|€", sms.Size{Encoding: "GSM-7", Characters: 18, Segments: 1}},
		{of("€", 80), sms.Size{Encoding: "GSM-7", Characters: 160, Segments: 1}},
		{of("€", 81), sms.Size{Encoding: "GSM-7", Characters: 162, Segments: 2}},
		{of("a", 152) + "€" + of("a", 152), sms.Size{Encoding: "GSM-7", Characters: 306, Segments: 3}}, // the sign is not cut in half
		{"á", sms.Size{Encoding: "UCS-2", Characters: 1, Segments: 1}},                                 // é and à are in the alphabet, á is not
		{"ç", sms.Size{Encoding: "UCS-2", Characters: 1, Segments: 1}},                                 // nor is the small ç
		{"“quoted”", sms.Size{Encoding: "UCS-2", Characters: 8, Segments: 1}},
		{of("ж", 70), sms.Size{Encoding: "UCS-2", Characters: 70, Segments: 1}},
		{of("ж", 71), sms.Size{Encoding: "UCS-2", Characters: 71, Segments: 2}},
		{of("ж", 134), sms.Size{Encoding: "UCS-2", Characters: 134, Segments: 2}},
		{of("ж", 135), sms.Size{Encoding: "UCS-2", Characters: 135, Segments: 3}},
		{of("🙂", 35), sms.Size{Encoding: "UCS-2", Characters: 70, Segments: 1}},
		{of("🙂", 67), sms.Size{Encoding: "UCS-2", Characters: 134, Segments: 3}}, // 33 whole ones fit into 67 places
	} {
		got := sms.Measure(c.text)
		if got != c.want {
			t.Errorf("%q: got %+v, want %+v", c.text, got, c.want)
		}
		agree(c.text, got)
	}
	r := rand.New(rand.NewPCG(4, 2))
	alphabets := [][]string{strings.Split("abc ABC123@€[]{}éñÄß\n", ""), strings.Split("abcá”жд🙂日本", "")}
	for range 200 {
		var sb strings.Builder
		letters := alphabets[r.IntN(2)]
		for range 1 + r.IntN(400) {
			sb.WriteString(letters[r.IntN(len(letters))])
		}
		agree(sb.String(), sms.Measure(sb.String()))
	}
}

// Twilio's published vector, and nothing else, is genuine.
func TestSignature(t *testing.T) {
	t.Parallel()
	o := options(t, "https://api.twilio.com", nil)
	p := mustProvider(t, o)
	published := func() url.Values {
		return url.Values{"CallSid": {"CA1234567890ABCDE"}, "Caller": {"+12349013030"}, "Digits": {"1234"}, "From": {"+12349013030"}, "To": {"+18005551212"}}
	}
	const address, signature = "https://mycompany.com/myapp.php?foo=1&bar=2", "0/KCTR6DLpKmkAf8muzZqo1nDgQ="
	vector := o
	vector.Token = secret.New("12345")
	known := mustProvider(t, vector)
	if !known.Genuine(address, signature, published()) {
		t.Error("the published vector is not genuine")
	}
	for _, port := range []string{"https://mycompany.com:443/myapp.php?foo=1&bar=2", "https://mycompany.com:8443/myapp.php?foo=1&bar=2"} {
		if !known.Genuine(port, signature, published()) {
			t.Errorf("%s: not genuine, want it signed without the port", port)
		}
	}
	changed := published()
	changed.Set("Digits", "1235")
	more := published()
	more.Set("Extra", "1")
	twice := published()
	twice.Add("Digits", "1235")
	for name, bad := range map[string]struct {
		p                  *sms.Provider
		address, signature string
		form               url.Values
	}{
		"another token": {p, address, signature, published()}, "another host": {known, "https://mycompany.org/myapp.php?foo=1&bar=2", signature, published()},
		"another query": {known, "https://mycompany.com/myapp.php?foo=1&bar=3", signature, published()}, "http": {known, "http://mycompany.com/myapp.php?foo=1&bar=2", signature, published()},
		"a value": {known, address, signature, changed}, "one more": {known, address, signature, more}, "twice": {known, address, signature, twice}, "nothing": {known, address, "", published()},
		"cut": {known, address, signature[:24], published()}, "no base64": {known, address, "§", published()}, "no form": {known, address, signature, nil}, "no address": {known, "", signature, published()},
	} {
		if bad.p.Genuine(bad.address, bad.signature, bad.form) {
			t.Errorf("%s: got genuine, want it refused", name)
		}
	}
}

func TestKeywords(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]sms.Keyword{
		"STOP": sms.Stop, " stop\n": sms.Stop, "Stop.": sms.Stop, "stopall": sms.Stop, "UNSUBSCRIBE": sms.Stop, "Cancel": sms.Stop, "end": sms.Stop, "quit": sms.Stop, "Revoke": sms.Stop, "optout": sms.Stop, "OPT  OUT": sms.Stop,
		"START": sms.Start, "yes": sms.Start, "Unstop!": sms.Start, "HELP": sms.Help, "info": sms.Help,
		"": "", "please stop": "", "STOP IT": "", "Don't stop": "", "yes please": "", "restart": "", "can you help": "", "S T O P": "",
	} {
		if got, _ := sms.ReadKeyword(url.Values{"Body": {body}}); got != want {
			t.Errorf("%q: got %q, want %q", body, got, want)
		}
	}
	// A provider that reads other words says so itself, and answers HELP itself.
	for kind, want := range map[string]sms.Keyword{"STOP": sms.Stop, "START": sms.Start, "HELP": "", "": ""} {
		if got, word := sms.ReadKeyword(url.Values{"Body": {"Arrêt"}, "OptOutType": {kind}}); got != want || word != "ARRÊT" {
			t.Errorf("%q: got %q for %q, want %q", kind, got, word, want)
		}
	}
	if got := string(sms.TwiML("Call <us> & ask")); !strings.HasSuffix(got, "<Response><Message>Call &lt;us&gt; &amp; ask</Message></Response>") {
		t.Errorf("an answer: got %s", got)
	}
	if got := string(sms.TwiML("")); !strings.HasSuffix(got, "<Response></Response>") {
		t.Errorf("no answer: got %s", got)
	}
}

// Only news about the run's own message counts, and it may come in any order.
func TestReport(t *testing.T) {
	t.Parallel()
	type step struct {
		sid, status, code string
		counts            bool
	}
	for name, c := range map[string]struct {
		before callwright.Run
		steps  []step
		want   string // summary
		state  callwright.RunState
	}{
		"in order":            {steps: []step{{"SM1", "queued", "", true}, {"SM1", "sent", "", true}, {"SM1", "delivered", "", true}}, want: "delivered 2 s later"},
		"out of order":        {steps: []step{{"SM1", "delivered", "", true}, {"SM1", "sent", "", false}, {"SM1", "queued", "", false}}, want: "delivered"},
		"twice":               {steps: []step{{"SM1", "sent", "", true}, {"SM1", "sent", "", false}}, want: "sent"},
		"not delivered":       {steps: []step{{"SM1", "sent", "", true}, {"SM1", "undelivered", "30003", true}, {"SM1", "delivered", "", false}}, want: "undelivered: 30003 1 s later"},
		"another message":     {steps: []step{{"SM1", "sent", "", true}, {"SM2", "delivered", "", false}}, want: "sent"},
		"nonsense":            {steps: []step{{"SM1", "teleported", "", false}, {"", "sent", "", false}, {"SM/1", "sent", "", false}}},
		"a code that is none": {steps: []step{{"SM1", "failed", "<b>", true}}, want: "failed"},
		"in doubt, taken":     {before: callwright.Run{State: callwright.RunUnknown, Code: "timeout"}, steps: []step{{"SM1", "sent", "", true}}, want: "sent", state: callwright.RunDone},
		"in doubt, failed":    {before: callwright.Run{State: callwright.RunUnknown, Code: "timeout"}, steps: []step{{"SM1", "failed", "30008", true}}, want: "failed: 30008", state: callwright.RunFailed},
		"known":               {before: callwright.Run{State: callwright.RunFailed}, steps: []step{{"SM1", "sent", "", true}}, want: "sent", state: callwright.RunFailed},
	} {
		run := c.before
		for i, s := range c.steps {
			if got := sms.Report(&run, url.Values{"MessageSid": {s.sid}, "MessageStatus": {s.status}, "ErrorCode": {s.code}}, callwright.Time(1_000_000+i*1000)); got != s.counts {
				t.Errorf("%s: step %d counts: got %v, want %v", name, i, got, s.counts)
			}
		}
		if c.want == "" {
			if run.Delivery != nil {
				t.Errorf("%s: got %+v, want nothing", name, run.Delivery)
			}
			continue
		}
		if run.Delivery == nil || run.Delivery.Said().Summary != c.want || run.State != c.state || (run.Note != "") != (c.before.State == callwright.RunUnknown) {
			t.Errorf("%s: got %+v of %+v, want %q and state %q", name, run.Delivery, run, c.want, c.state)
		}
	}
}

// Prism judges every request by Twilio's own description of its API: only what it calls
// good is answered with 201.
func TestTwiliosOwnDescription(t *testing.T) {
	t.Parallel()
	address := mustPrism(t)
	book := mustBook(t)
	judged := 0
	do := func(ctx context.Context, r *outbound.Request) (*outbound.Response, error) {
		judged++
		return mustClient(t, nil).Do(ctx, r)
	}
	service := "MG" + strings.Repeat("a", 32)
	for _, from := range []string{sender, "Acme", service} {
		o := options(t, address, book)
		o.From, o.Do = from, do
		for _, text := range []string{"Hi {name}", "Zwei\nZeilen & 1 + 1 = 2 🙂", strings.Repeat("a", 1530)} {
			call := goodCall()
			call.Run = "run_2" // of which the book knows nothing, so that each is sent
			got, err := mustOpen(t, mustProvider(t, o), "{phone}", text).Execute(t.Context(), call)
			if err != nil || !got.Sent {
				t.Errorf("from %s, %.20q: got %v, want 201", from, text, err)
			}
		}
	}
	if judged != 9 {
		t.Errorf("got %d requests judged, want 9", judged)
	}
	// It does judge.
	res, err := http.PostForm(address+"/2010-04-01/Accounts/"+account+"/Messages.json", url.Values{"Body": {"no recipient"}})
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode == http.StatusCreated {
		t.Errorf("a request without a recipient and a token: got %d, want it refused", res.StatusCode)
	}
}

func mustPrism(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := l.Addr().(*net.TCPAddr).Port
	l.Close()
	cmd := exec.Command("node", parts+"/node_modules/@stoplight/prism-cli/dist/index.js", "mock", "--errors", "--host", "127.0.0.1", "--port", fmt.Sprint(port),
		parts+"/node_modules/@twilio/cli-core/src/services/twilio-api/twilio_api_v2010.json")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = t.Output()
	if err := cmd.Start(); err != nil {
		t.Fatalf("%v: make parts installs it", err)
	}
	ready := make(chan bool, 1)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		lines := bufio.NewScanner(out)
		lines.Buffer(nil, 1<<20)
		for lines.Scan() {
			if strings.Contains(lines.Text(), "Prism is listening") {
				ready <- true
			}
		}
		close(ready)
	}()
	t.Cleanup(func() {
		cmd.Process.Kill()
		<-ended
		cmd.Wait()
	})
	select {
	case ok := <-ready:
		if !ok {
			t.Fatal("Prism does not start (make parts installs it)")
		}
	case <-time.After(2 * time.Minute):
		t.Fatal("Prism is not ready after two minutes")
	}
	return fmt.Sprintf("http://127.0.0.1:%d", port)
}
