package httpapi

import "callwright"

// An Envelope is the answer to everything that succeeds.
type Envelope[T any] struct {
	Success bool   `json:"success" doc:"Always true"`
	Data    T      `json:"data"`
	Message string `json:"message,omitempty"`
}

// A List is an Envelope of a page.
type List[T any] struct {
	Success    bool                  `json:"success" doc:"Always true"`
	Data       []T                   `json:"data"`
	Pagination callwright.Pagination `json:"pagination"`
	Message    string                `json:"message,omitempty"`
}

// An exampled answer can show how it looks with the data of an example.
type exampled interface{ example(data any) (body any) }

// answer is a response with an envelope.
type answer[T any] struct{ Body Envelope[T] }

func (answer[T]) example(data any) any { return Envelope[T]{Success: true, Data: data.(T)} }

// page is a response with a list.
type page[T any] struct{ Body List[T] }

func (page[T]) example(item any) any {
	return List[T]{Success: true, Data: []T{item.(T)}, Pagination: callwright.Pagination{Page: 1, Limit: 20, Total: 1, TotalPages: 1}}
}

// deleted is the response to a delete: an envelope with null.
type deleted struct {
	Body struct {
		Success bool    `json:"success" doc:"Always true"`
		Data    *string `json:"data" nullable:"true" doc:"Always null"`
		Message string  `json:"message,omitempty"`
	}
}

func (deleted) example(any) any {
	d := deleted{}
	d.Body.Success = true
	return d.Body
}

func answered[T any](v T, err error) (*answer[T], error) {
	if err != nil {
		return nil, err
	}
	return &answer[T]{Envelope[T]{Success: true, Data: v}}, nil
}

func paged[T any](v []T, p callwright.Pagination, err error) (*page[T], error) {
	if err != nil {
		return nil, err
	}
	return &page[T]{List[T]{Success: true, Data: v, Pagination: p}}, nil
}

func gone(err error) (*deleted, error) {
	if err != nil {
		return nil, err
	}
	d := &deleted{}
	d.Body.Success = true
	return d, nil
}
