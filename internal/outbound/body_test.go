package outbound_test

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"callwright"
	"callwright/internal/outbound"
)

func gzipped(t testing.TB, plain []byte) []byte {
	t.Helper()
	var buf bytes.Buffer
	w := gzip.NewWriter(&buf)
	if _, err := w.Write(plain); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

func TestContentEncodings(t *testing.T) {
	t.Parallel()
	plain := []byte(strings.Repeat(`{"a":1}`, 10))
	var z, d bytes.Buffer
	zw := zlib.NewWriter(&z)
	zw.Write(plain)
	zw.Close()
	dw, _ := flate.NewWriter(&d, 9)
	dw.Write(plain)
	dw.Close()
	packed := gzipped(t, plain)
	for _, row := range []struct {
		name, encoding string
		body           []byte
		want           callwright.Code
	}{
		{"none", "", plain, ""},
		{"identity", "identity", plain, ""},
		{"gzip", "gzip", packed, ""},
		{"x-gzip", "X-GZIP", packed, ""},
		{"deflate", "deflate", z.Bytes(), ""},
		{"bare deflate", "deflate", d.Bytes(), ""},
		{"brotli", "br", plain, callwright.CodeBadResponse},
		{"zstd", "zstd", plain, callwright.CodeBadResponse},
		{"nested", "gzip, gzip", gzipped(t, packed), callwright.CodeBadResponse},
		{"nested deflate", "deflate, deflate", plain, callwright.CodeBadResponse},
		{"not gzip", "gzip", plain, callwright.CodeBadResponse},
		{"cut gzip", "gzip", packed[:len(packed)-6], callwright.CodeBadResponse},
		{"damaged gzip", "gzip", append(bytes.Clone(packed[:len(packed)-5]), 1, 2, 3, 4, 5), callwright.CodeBadResponse},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			url := mustServe(t, func(w http.ResponseWriter, r *http.Request) {
				if got := r.Header.Get("Accept-Encoding"); got != "gzip" {
					t.Errorf("Accept-Encoding: got %q", got)
				}
				if row.encoding != "" {
					w.Header().Set("Content-Encoding", row.encoding)
				}
				w.Write(row.body)
			})
			res, err := mustLocal(t).Do(t.Context(), get(url))
			wantCode(t, "Do", err, row.want)
			if row.want == "" && !bytes.Equal(res.Body, plain) || row.want != "" && res.Body != nil {
				t.Errorf("got %q", res.Body)
			}
		})
	}
	empty := mustServe(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		w.WriteHeader(204)
	})
	if res, err := mustLocal(t).Do(t.Context(), get(empty)); err != nil || len(res.Body) != 0 {
		t.Errorf("empty gzip: got %+v, %v", res, err)
	}
}

func TestBodyIsCapped(t *testing.T) {
	t.Parallel()
	zeros := make([]byte, 1<<20)
	bomb := bytes.Repeat(gzipped(t, zeros), 200) // 200 MB in 200 kB
	emptyMembers := bytes.Repeat(gzipped(t, nil), 200_000)
	for name, h := range map[string]http.HandlerFunc{
		"gzip bomb": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			w.Write(bomb)
		},
		"gzip of nothing": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			w.Write(emptyMembers)
		},
		"10 MB": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Length", fmt.Sprint(10*len(zeros)))
			for range 10 {
				w.Write(zeros)
			}
		},
		"without end": func(w http.ResponseWriter, r *http.Request) {
			for {
				if _, err := w.Write(zeros); err != nil {
					return
				}
			}
		},
		"one byte too many": func(w http.ResponseWriter, r *http.Request) { w.Write(zeros[:outbound.DefaultMaxResponse+1]) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			res, err := mustLocal(t).Do(limited(t, 30*time.Second), get(mustServe(t, h)))
			wantCode(t, "Do", err, callwright.CodeTooLarge)
			if res.Body != nil || !res.Sent {
				t.Errorf("got %d bytes, sent %v", len(res.Body), res.Sent)
			}
		})
	}
	url := mustServe(t, func(w http.ResponseWriter, r *http.Request) { w.Write(zeros[:outbound.DefaultMaxResponse]) })
	if res, err := mustLocal(t).Do(t.Context(), get(url)); err != nil || len(res.Body) != outbound.DefaultMaxResponse {
		t.Errorf("exactly the limit: got %d bytes, %v", len(res.Body), err)
	}
	small := get(url)
	small.MaxResponse = 10
	_, err := mustLocal(t).Do(t.Context(), small)
	wantCode(t, "own limit", err, callwright.CodeTooLarge)
}

// Streams of providers arrive as they were sent.
func TestHTTPDecodesNothing(t *testing.T) {
	t.Parallel()
	packed := gzipped(t, []byte("text"))
	url := mustServe(t, func(w http.ResponseWriter, r *http.Request) {
		if got := r.Header.Get("Accept-Encoding"); got != "" {
			t.Errorf("Accept-Encoding: got %q, want none", got)
		}
		w.Header().Set("Content-Encoding", "gzip")
		w.Write(packed)
	})
	resp, err := mustLocal(t).HTTP().Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if body, err := io.ReadAll(resp.Body); err != nil || !bytes.Equal(body, packed) {
		t.Errorf("got %q, %v, want the bytes as they were sent", body, err)
	}
}

// Not parallel: it measures what the whole process allocates.
func TestGzipBombNeedsLittleMemory(t *testing.T) {
	bomb := bytes.Repeat(gzipped(t, make([]byte, 1<<20)), 100)
	url := mustServe(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		w.Write(bomb)
	})
	c := mustLocal(t)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err := c.Do(t.Context(), get(url))
	runtime.ReadMemStats(&after)
	wantCode(t, "bomb", err, callwright.CodeTooLarge)
	if got := after.TotalAlloc - before.TotalAlloc; got > 4<<20 {
		t.Errorf("allocated %d bytes for a bomb of 100 MB, want at most 4 MiB", got)
	}
}

func TestCheckStatus(t *testing.T) {
	t.Parallel()
	for status, want := range map[int]string{200: "", 204: "", 299: "", 400: "x.example:443 answered 400 Bad Request.", 503: "x.example:443 answered 503 Service Unavailable.", 599: "x.example:443 answered 599."} {
		err := outbound.CheckStatus("https://x.example/?canary", &outbound.Response{Status: status, Header: http.Header{"Retry-After": {"7"}}, Body: []byte("canary")})
		if want == "" {
			if err != nil {
				t.Errorf("%d: got %v", status, err)
			}
			continue
		}
		e, ok := errors.AsType[*callwright.Error](err)
		cause, caused := errors.AsType[*outbound.StatusError](err)
		if !ok || !caused || e.Code != callwright.CodeRemoteStatus || e.Message != want || cause.Status != status || cause.RetryAfter != 7*time.Second {
			t.Errorf("%d: got %v (%+v), want %q", status, err, cause, want)
		}
	}
}

// FuzzResponse sends whatever bytes as an answer: no panic, no more than the
// limit, and a code for every failure.
func FuzzResponse(f *testing.F) {
	f.Add([]byte("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"))
	f.Add([]byte("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n\x1f\x8b\x08\x00\x00\r\n0\r\n\r\n"))
	f.Add([]byte("HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/\r\n\r\n"))
	f.Add([]byte("HTTP/1.1 200 OK\r\nContent-Encoding: deflate\r\n\r\nabc"))
	f.Add([]byte("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.0 204 x\r\n\r\n"))
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		f.Fatal(err)
	}
	answers := make(chan []byte, 1)
	var group sync.WaitGroup
	group.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			conn.Read(make([]byte, 4096))
			select {
			case raw := <-answers:
				conn.Write(raw)
			default:
			}
			conn.Close()
		}
	})
	f.Cleanup(func() { l.Close(); group.Wait() })
	c := mustLocal(f)
	f.Fuzz(func(t *testing.T, raw []byte) {
		select {
		case <-answers:
		default:
		}
		answers <- raw
		r := post("http://" + l.Addr().String())
		r.MaxResponse = 1000
		res, err := c.Do(limited(t, 5*time.Second), r)
		if len(res.Body) > 1000 {
			t.Errorf("got %d bytes, want at most 1000", len(res.Body))
		}
		if code := callwright.CodeOf(err); code == callwright.CodeInternal || err != nil && res.Body != nil {
			t.Errorf("got code %q (%v), body %q", code, err, res.Body)
		}
	})
}
