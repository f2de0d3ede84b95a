package geo

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"callwright"
	"callwright/internal/secret"
)

// Get asks for a URL and returns the status and the body of the answer. Its errors
// are *callwright.Error.
type Get func(ctx context.Context, url string) (status int, body []byte, err error)

const (
	maxCached = 10_000
	cacheFor  = 24 * time.Hour
	near      = 5 // miles within which two answers are one place
)

// Remote is a geocoder that is asked over HTTP. It remembers answers for a day, and
// asks no more often than it may.
type Remote struct {
	ask   func(ctx context.Context, address string) ([]Place, error)
	limit *rate.Limiter
	now   func() time.Time

	mu     sync.Mutex
	cached map[string]answer
}

type answer struct {
	places []Place
	at     time.Time
}

// Nominatim is a geocoder that speaks like Nominatim's /search: its own server, or one
// that is compatible. perSecond is how often it may be asked; the public server of
// OpenStreetMap allows once a second.
func Nominatim(base string, perSecond float64, get Get, now func() time.Time) *Remote {
	return newRemote(perSecond, now, func(ctx context.Context, address string) ([]Place, error) {
		var found []struct {
			Lat, Lon    string
			DisplayName string `json:"display_name"`
			PlaceRank   int    `json:"place_rank"`
		}
		q := url.Values{"q": {address}, "format": {"jsonv2"}, "limit": {"5"}}
		if err := fetch(ctx, get, strings.TrimRight(base, "/")+"/search?"+q.Encode(), &found); err != nil {
			return nil, err
		}
		var places []Place
		for _, f := range found {
			lat, err1 := strconv.ParseFloat(f.Lat, 64)
			lng, err2 := strconv.ParseFloat(f.Lon, 64)
			if err1 != nil || err2 != nil {
				return nil, unreadable(nil)
			}
			precision := City
			if f.PlaceRank >= 26 { // streets and finer
				precision = Street
			}
			places = append(places, Place{Point{lat, lng}, f.DisplayName, precision})
		}
		return places, nil
	})
}

// Google is a geocoder that speaks like Google's /maps/api/geocode/json.
func Google(base string, key secret.String, perSecond float64, get Get, now func() time.Time) *Remote {
	return newRemote(perSecond, now, func(ctx context.Context, address string) ([]Place, error) {
		var found struct {
			Status  string
			Results []struct {
				FormattedAddress string `json:"formatted_address"`
				Geometry         struct {
					Location     Point
					LocationType string `json:"location_type"`
				}
			}
		}
		q := url.Values{"address": {address}, "key": {key.Reveal()}}
		if err := fetch(ctx, get, strings.TrimRight(base, "/")+"/maps/api/geocode/json?"+q.Encode(), &found); err != nil {
			return nil, err
		}
		switch found.Status {
		case "OK", "ZERO_RESULTS":
		case "OVER_QUERY_LIMIT", "OVER_DAILY_LIMIT":
			return nil, callwright.Errorf(callwright.CodeRateLimited, "The geocoder has been asked too often.")
		default: // never its error_message: it can hold the key
			return nil, callwright.Errorf(callwright.CodeRemoteStatus, "The geocoder refused the request (%s).", word(found.Status))
		}
		var places []Place
		for _, r := range found.Results {
			precision := City
			if r.Geometry.LocationType != "APPROXIMATE" {
				precision = Street
			}
			places = append(places, Place{r.Geometry.Location, r.FormattedAddress, precision})
		}
		return places, nil
	})
}

func newRemote(perSecond float64, now func() time.Time, ask func(context.Context, string) ([]Place, error)) *Remote {
	return &Remote{ask: ask, limit: rate.NewLimiter(rate.Limit(perSecond), max(1, int(perSecond))), now: now, cached: map[string]answer{}}
}

// Locate asks, unless it knows.
func (r *Remote) Locate(ctx context.Context, address string) ([]Place, error) {
	key := strings.Join(strings.Fields(strings.ToLower(address)), " ")
	r.mu.Lock()
	known, ok := r.cached[key]
	r.mu.Unlock()
	if ok && r.now().Sub(known.at) < cacheFor {
		return known.places, nil
	}
	if err := r.limit.Wait(ctx); err != nil {
		return nil, callwright.Wrap(callwright.CodeTimeout, err, "The geocoder may not be asked as often as it would have to be.")
	}
	places, err := r.ask(ctx, address)
	if err != nil {
		return nil, err
	}
	for _, p := range places {
		if !p.Valid() {
			return nil, unreadable(nil)
		}
	}
	places = distinct(places)
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.cached) >= maxCached {
		clear(r.cached)
	}
	r.cached[key] = answer{places, r.now()}
	return places, nil
}

// distinct keeps one of several answers that are the same place.
func distinct(places []Place) []Place {
	var out []Place
next:
	for _, p := range places {
		for _, kept := range out {
			if Miles(p.Point, kept.Point) < near {
				continue next
			}
		}
		out = append(out, p)
	}
	return out
}

func fetch(ctx context.Context, get Get, target string, v any) error {
	status, body, err := get(ctx, target)
	switch {
	case err != nil:
		return err
	case status == 429:
		return callwright.Errorf(callwright.CodeRateLimited, "The geocoder has been asked too often.")
	case status != 200:
		return callwright.Errorf(callwright.CodeRemoteStatus, "The geocoder answered with status %d.", status)
	}
	if err := json.Unmarshal(body, v); err != nil {
		return unreadable(err)
	}
	return nil
}

func unreadable(err error) error {
	return callwright.Wrap(callwright.CodeBadResponse, err, "The geocoder answered with something unreadable.")
}

// word is a status of a geocoder, if it looks like one.
func word(status string) string {
	if len(status) > 40 || strings.Trim(status, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_") != "" {
		return "an unknown status"
	}
	return fmt.Sprint(status)
}
