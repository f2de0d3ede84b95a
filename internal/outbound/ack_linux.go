package outbound

import (
	"net"
	"syscall"
)

// A promptConn acknowledges what it reads at once. A server that writes an answer
// in two pieces with Nagle's algorithm on, as many small ones do, keeps the second
// back until the first is acknowledged, for which Linux takes 40 ms on a
// connection that is used again.
type promptConn struct {
	*net.TCPConn
	raw syscall.RawConn
}

func prompt(conn net.Conn) net.Conn {
	tcp, ok := conn.(*net.TCPConn)
	if !ok {
		return conn
	}
	raw, err := tcp.SyscallConn()
	if err != nil {
		return conn
	}
	return &promptConn{tcp, raw}
}

// Read acknowledges when it has emptied the socket; the kernel forgets the wish
// each time.
func (c *promptConn) Read(b []byte) (int, error) {
	n, err := c.TCPConn.Read(b)
	if n > 0 && n < len(b) {
		_ = c.raw.Control(func(fd uintptr) { // where it fails, the answer is only later
			_ = syscall.SetsockoptInt(int(fd), syscall.IPPROTO_TCP, syscall.TCP_QUICKACK, 1)
		})
	}
	return n, err
}
