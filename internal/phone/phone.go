// Package phone will be the voice channel: SIP and media streams in, turns of the
// engine out and back as sound. It stands here to keep its place in the layers;
// there is no code in it and nothing imports it yet.
package phone
