package outbound

import (
	"bufio"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"io"
	"net/http"
	"strings"

	"callwright"
)

// slack is what compression may add to a body that does not compress, plus room
// for headers: more compressed bytes than the limit and this are a trick.
const slack = 64 << 10

// readBody reads and decodes a body of at most limit decoded bytes.
func readBody(resp *http.Response, limit int64, where string) ([]byte, error) {
	tooLarge := callwright.Errorf(callwright.CodeTooLarge, "%s answered with more than %d bytes.", where, limit)
	if resp.ContentLength > limit+slack {
		return nil, tooLarge
	}
	raw := &recorder{r: resp.Body, left: limit + slack}
	decoded, err := decoder(resp.Header, raw)
	if err == nil {
		var body []byte
		body, err = io.ReadAll(io.LimitReader(decoded, limit+1))
		if int64(len(body)) > limit {
			return nil, tooLarge
		}
		if err == nil {
			return body, nil
		}
	}
	switch {
	case raw.left <= 0:
		return nil, tooLarge
	case raw.err != nil && raw.err != io.EOF:
		return nil, raw.err // the connection's fault
	case err == errEncoding:
		return nil, callwright.Errorf(callwright.CodeBadResponse, "%s answered in an encoding that was not asked for.", where)
	}
	return nil, callwright.Wrap(callwright.CodeBadResponse, err, "%s answered with damaged compressed data.", where)
}

// errEncoding is a constant so that nobody can reassign it.
const errEncoding = encodingError("unknown content encoding")

type encodingError string

func (e encodingError) Error() string { return string(e) }

// decoder undoes the content encoding. Nested encodings are refused: nobody asks
// for them, and each level multiplies.
func decoder(h http.Header, raw io.Reader) (io.Reader, error) {
	encoding := strings.ToLower(strings.TrimSpace(strings.Join(h.Values("Content-Encoding"), ",")))
	if encoding == "" || encoding == "identity" {
		return raw, nil
	}
	buffered := bufio.NewReader(raw)
	head, err := buffered.Peek(2)
	if err == io.EOF && len(head) == 0 {
		return buffered, nil // no body at all
	}
	switch encoding {
	case "gzip", "x-gzip":
		return gzip.NewReader(buffered)
	case "deflate":
		// By the RFC it is zlib; some servers send bare deflate. A zlib header
		// is a multiple of 31 with method 8.
		if len(head) == 2 && head[0]&0x0f == 8 && (int(head[0])<<8|int(head[1]))%31 == 0 {
			return zlib.NewReader(buffered)
		}
		return flate.NewReader(buffered), nil
	}
	return nil, errEncoding
}

// A recorder remembers the error of the reader below a decoder, so that a broken
// connection is told from damaged data, and bounds what is read from it.
type recorder struct {
	r    io.Reader
	left int64
	err  error
}

// Read reads on until the bound.
func (r *recorder) Read(p []byte) (int, error) {
	if r.left <= 0 {
		return 0, io.ErrUnexpectedEOF
	}
	if int64(len(p)) > r.left {
		p = p[:r.left]
	}
	n, err := r.r.Read(p)
	r.left -= int64(n)
	if err != nil {
		r.err = err
	}
	return n, err
}
