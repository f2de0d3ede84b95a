package callwright

// A Page asks for part of a list. Cursor wins over Page; both unset is the first
// page.
type Page struct {
	Page   int // from 1
	Limit  int // 1 to 100
	Cursor string
}

// Pagination tells where in the list a page lies.
type Pagination struct {
	Page       int    `json:"page"`
	Limit      int    `json:"limit"`
	Total      int    `json:"total"`
	TotalPages int    `json:"totalPages"`
	NextCursor string `json:"nextCursor" doc:"Pass as cursor for the next page; empty on the last"`
}
