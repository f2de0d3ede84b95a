package tmpl_test

import (
	"fmt"

	"callwright/internal/tmpl"
)

func ExampleParseURL() {
	u, err := tmpl.ParseURL("https://api.example.com/orders/{order_id}?note={note}")
	if err != nil {
		fmt.Println("url", err)
		return
	}
	fmt.Println(u.Expand(map[string]any{"order_id": "A/17", "note": "a&b=c"}))
	fmt.Println(u.Expand(map[string]any{"order_id": "../admin"}))
	// Output:
	// https://api.example.com/orders/A%2F17?note=a%26b%3Dc <nil>
	//  the value of {order_id} is . or .. as a path segment, which would lead to another address
}
