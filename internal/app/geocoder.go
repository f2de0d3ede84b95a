package app

import (
	"context"
	"errors"

	"callwright/internal/geo"
	"callwright/internal/outbound"
)

// newGeocoder makes the geocoder that the options ask for.
func newGeocoder(o Options, client *outbound.Client) (geo.Geocoder, error) {
	get := func(ctx context.Context, url string) (int, []byte, error) {
		res, err := client.Do(ctx, &outbound.Request{Method: "GET", URL: url, Header: map[string][]string{"User-Agent": {"callwright"}}})
		if err != nil {
			return 0, nil, err
		}
		return res.Status, res.Body, nil
	}
	if o.GeocoderRate <= 0 {
		return nil, errors.New("--geocoder-rate must be more than 0 requests a second")
	}
	base := func(public string) string {
		if o.GeocoderURL != "" {
			return o.GeocoderURL
		}
		return public
	}
	switch o.Geocoder {
	case "offline":
		if o.GeocoderURL != "" {
			return nil, errors.New("--geocoder-url needs --geocoder nominatim or google")
		}
		return geo.Offline{}, nil
	case "nominatim":
		return geo.Nominatim(base("https://nominatim.openstreetmap.org"), o.GeocoderRate, get, o.Now), nil
	case "google":
		if o.GeocoderKey.Empty() {
			return nil, errors.New("--geocoder google needs --geocoder-key")
		}
		return geo.Google(base("https://maps.googleapis.com"), o.GeocoderKey, o.GeocoderRate, get, o.Now), nil
	}
	return nil, errors.New("--geocoder must be offline, nominatim or google")
}
