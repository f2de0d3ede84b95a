// Package geo finds places and measures distances: points on the earth, an embedded
// geocoder of the United States, and clients of geocoders that speak HTTP.
//
// It knows nothing of skills and rosters, and reaches out only through the Get it was
// given. skill/geo and control call it, app chooses the geocoder.
package geo

import (
	"context"
	"math"
)

// A Point is a place on the earth, in degrees.
type Point struct {
	Lat float64 `json:"lat"`
	Lng float64 `json:"lng"`
}

// Valid reports whether a point is on the earth.
func (p Point) Valid() bool {
	return math.Abs(p.Lat) <= 90 && math.Abs(p.Lng) <= 180 // not NaN either
}

// earth is the mean radius of the earth (IUGG, 6,371.0088 km) in statute miles.
const earth = 3958.7613

// Miles is the great-circle distance of two points in statute miles (haversine, which
// is exact to rounding on a sphere; the earth's own shape makes up to 0.6 %).
func Miles(a, b Point) float64 {
	const radian = math.Pi / 180
	lat := math.Sin((b.Lat - a.Lat) * radian / 2)
	lng := math.Sin((b.Lng - a.Lng) * radian / 2)
	h := lat*lat + math.Cos(a.Lat*radian)*math.Cos(b.Lat*radian)*lng*lng
	return 2 * earth * math.Asin(math.Sqrt(min(1, h)))
}

// A Precision tells how exactly a place is known.
type Precision string

// The precisions, the best first.
const (
	Street   Precision = "street"
	Zip      Precision = "zip" // the middle of a postal code
	City     Precision = "city"
	AreaCode Precision = "area_code" // where numbers of an area code are
)

// A Place is what an address leads to.
type Place struct {
	Point
	Label     string    `json:"label"` // in the geocoder's words, for example Chicago, IL 60601
	Precision Precision `json:"precision"`
}

// A Geocoder finds places. None means that it knows no such address, several that the
// address could be each of them, the likeliest first. Its errors are
// *callwright.Error: that it could not be asked. It may be used concurrently.
type Geocoder interface {
	Locate(ctx context.Context, address string) ([]Place, error)
}
