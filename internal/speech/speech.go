// Package speech will be the contract with speech recognizers and synthesizers,
// with one folder per provider below it. It stands here to keep its place in the
// layers; there is no code in it and nothing imports it yet.
package speech
