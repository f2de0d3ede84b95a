// Package client speaks to a Callwright server over its REST API: what the
// command line uses to be a user like any other.
//
// It is not used inside the server, which dials out through package outbound
// alone. It is called by demo, terminal and ascode.
package client

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// A Client is a server and a key for it.
type Client struct {
	URL string // scheme and host, without a slash at the end
	Key string

	header http.Header // sent with every request, see With
}

// With returns a client that sends one more header.
func (c Client) With(name, value string) Client {
	c.header = c.header.Clone()
	if c.header == nil {
		c.header = http.Header{}
	}
	c.header.Set(name, value)
	return c
}

// An Error is an error answer of the server.
type Error struct {
	Status int
	Code   string `json:"code"`
	Detail string `json:"detail"`
	Errors []struct {
		Field   string `json:"field"`
		Message string `json:"message"`
	} `json:"errors"`
}

// Error returns the detail and every field that was refused.
func (e *Error) Error() string {
	s := fmt.Sprintf("%s (HTTP %d, %s)", e.Detail, e.Status, e.Code)
	for _, f := range e.Errors {
		s += "\n  " + f.Field + " " + f.Message
	}
	return s
}

// Do sends a request and reads the data of its envelope into out, unless that is
// nil.
func (c Client) Do(ctx context.Context, method, path string, body, out any) error {
	res, err := c.send(ctx, method, path, body)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		return fmt.Errorf("read the answer of %s: %w", path, err)
	}
	if out == nil {
		return nil
	}
	var envelope struct{ Data json.RawMessage }
	if err := json.Unmarshal(raw, &envelope); err != nil {
		return fmt.Errorf("read the answer of %s: %w", path, err)
	}
	if err := json.Unmarshal(envelope.Data, out); err != nil {
		return fmt.Errorf("read the answer of %s: %w", path, err)
	}
	return nil
}

// List returns every item of a list, page by page.
func List[T any](ctx context.Context, c Client, path string) ([]T, error) {
	var all []T
	for cursor := ""; ; {
		res, err := c.send(ctx, http.MethodGet, path+"?limit=100&cursor="+url.QueryEscape(cursor), nil)
		if err != nil {
			return nil, err
		}
		var page struct {
			Data       []T
			Pagination struct{ NextCursor string }
		}
		err = json.NewDecoder(res.Body).Decode(&page)
		res.Body.Close()
		if err != nil {
			return nil, fmt.Errorf("read the answer of %s: %w", path, err)
		}
		all = append(all, page.Data...)
		if cursor = page.Pagination.NextCursor; cursor == "" {
			return all, nil
		}
	}
}

// Stream sends a request and shows every server-sent event of the answer.
func (c Client) Stream(ctx context.Context, path string, body any, show func(event string, data json.RawMessage)) error {
	res, err := c.send(ctx, http.MethodPost, path, body)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	event := ""
	lines := bufio.NewScanner(res.Body)
	lines.Buffer(nil, 4<<20)
	for lines.Scan() {
		line := lines.Text()
		if v, ok := strings.CutPrefix(line, "event: "); ok {
			event = v
		} else if v, ok := strings.CutPrefix(line, "data: "); ok {
			if event == "error" {
				e := &Error{}
				_ = json.Unmarshal([]byte(v), e) // an error without detail is one all the same
				return e
			}
			show(event, json.RawMessage(v))
			event = ""
		}
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("read the answer: %w", err)
	}
	return nil
}

func (c Client) send(ctx context.Context, method, path string, body any) (*http.Response, error) {
	var payload io.Reader
	if body != nil {
		raw, err := json.Marshal(body)
		if err != nil {
			return nil, fmt.Errorf("write the request: %w", err)
		}
		payload = bytes.NewReader(raw)
	}
	req, err := http.NewRequestWithContext(ctx, method, c.URL+"/api/v1"+path, payload)
	if err != nil {
		return nil, fmt.Errorf("make the request: %w", err)
	}
	if c.header != nil {
		req.Header = c.header.Clone()
	}
	req.Header.Set("Authorization", "Bearer "+c.Key)
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, fmt.Errorf("reach the server: %w", err)
	}
	if res.StatusCode >= 300 {
		defer res.Body.Close()
		e := &Error{Status: res.StatusCode}
		raw, _ := io.ReadAll(io.LimitReader(res.Body, 1<<20))
		if json.Unmarshal(raw, e) != nil || e.Detail == "" {
			e.Detail = strings.TrimSpace(string(raw))
		}
		return nil, e
	}
	return res, nil
}
