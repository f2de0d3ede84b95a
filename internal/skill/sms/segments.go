package sms

import (
	"strings"
	"unicode/utf16"
)

// A Size is what a text takes on the air, and what is paid for.
type Size struct {
	Encoding   string `json:"encoding"`   // GSM-7 or UCS-2
	Characters int    `json:"characters"` // as the encoding counts them
	Segments   int    `json:"segments"`   // messages of the network, joined by the phone
}

// The alphabet of 3GPP TS 23.038 (formerly GSM 03.38), section 6.2.1, and of its
// extension table, section 6.2.1.1, whose characters take two places. The shift tables of
// single languages (section 6.2.1.2) are not counted with: providers do not use them.
const (
	basic     = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
	extension = "\f^{}\\[~]|€"
)

// The places of a message that is alone and of one that is a part of a longer text, which
// gives some up to say so: 3GPP TS 23.040, section 9.2.3.24.1.
const (
	gsmAlone, gsmPart = 160, 153
	ucsAlone, ucsPart = 70, 67
)

// Measure counts the segments of a text. No character is cut in half: one of two places
// that does not fit any more begins the next segment.
func Measure(text string) Size {
	widths, gsm := make([]int, 0, len(text)), true
	for _, r := range text {
		switch {
		case strings.ContainsRune(basic, r):
			widths = append(widths, 1)
		case strings.ContainsRune(extension, r):
			widths = append(widths, 2)
		default:
			gsm = false
		}
	}
	if gsm {
		return sized("GSM-7", widths, gsmAlone, gsmPart)
	}
	widths = widths[:0]
	for _, r := range text {
		widths = append(widths, max(1, utf16.RuneLen(r)))
	}
	return sized("UCS-2", widths, ucsAlone, ucsPart)
}

func sized(encoding string, widths []int, alone, part int) Size {
	s := Size{Encoding: encoding}
	used := part // of the segment that is being filled: the first one begins with the first character
	for _, w := range widths {
		s.Characters += w
		if used+w > part {
			s.Segments++
			used = 0
		}
		used += w
	}
	if s.Characters <= alone {
		s.Segments = min(s.Segments, 1)
	}
	return s
}
