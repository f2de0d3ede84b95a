package outbound_test

import (
	"bufio"
	"net"
	"net/http"
	"testing"
	"time"

	"callwright/internal/outbound"
)

// A server that writes header and body apart, with Nagle's algorithm on, waits for
// an acknowledgement in between. Linux delays it by 40 ms once the first packets of
// a connection are over, so only the later requests count.
func TestAnswersInTwoPiecesAreNotDelayed(t *testing.T) {
	t.Parallel()
	addr := mustListen(t, func(conn net.Conn) {
		if tcp, ok := conn.(*net.TCPConn); !ok || tcp.SetNoDelay(false) != nil {
			return
		}
		in := bufio.NewReader(conn)
		for {
			req, err := http.ReadRequest(in)
			if err != nil {
				return
			}
			req.Body.Close()
			for _, piece := range []string{"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n", "ok"} {
				if _, err := conn.Write([]byte(piece)); err != nil {
					return
				}
			}
		}
	})
	client := mustLocal(t)
	fastest := time.Hour
	for i := range 40 {
		began := time.Now()
		res, err := client.Do(limited(t, 10*time.Second), &outbound.Request{Method: http.MethodGet, URL: "http://" + addr + "/"})
		if err != nil || string(res.Body) != "ok" {
			t.Fatalf("request %d: got %v, %v, want ok", i, res, err)
		}
		if took := time.Since(began); i >= 30 {
			fastest = min(fastest, took)
		}
	}
	if fastest >= 35*time.Millisecond {
		t.Errorf("got %v for the fastest of ten, want less than a delayed acknowledgement takes (40ms)", fastest)
	}
}
