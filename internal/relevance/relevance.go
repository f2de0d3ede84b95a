// Package relevance ranks short texts by how well they match somebody's words: which of
// hundreds of skills a caller may mean.
//
// It knows words, not meaning: names, descriptions and parameters are matched by their
// words (BM25), by how words begin, and by groups of words that mean much the same at a
// business's desk. It is used by engine through gate.
package relevance

import "math"

// A Document is what is ranked. Words in its name count most, those in its details
// least.
type Document struct {
	Name        string
	Description string
	Details     string
}

// An Index has documents in their order. It never changes and may be used concurrently.
type Index struct {
	lexicon  lexicon
	size     int
	postings map[string][]posting
}

// A posting is the weight of a term in a document: how much it adds to its score.
type posting struct {
	document int
	weight   float64
}

const (
	// The usual parameters of BM25; documents are short, so their length says little.
	saturation = 1.2
	lengthRole = 0.5

	nameRole        = 2.5
	descriptionRole = 1.0
	detailsRole     = 0.5
)

// New indexes documents.
func New(documents []Document) *Index {
	x := &Index{lexicon: newLexicon(), size: len(documents), postings: map[string][]posting{}}
	counts := make([]map[string]float64, len(documents))
	lengths, total := make([]float64, len(documents)), 0.0
	for i, d := range documents {
		counts[i] = map[string]float64{}
		for role, text := range map[float64]string{nameRole: d.Name, descriptionRole: d.Description, detailsRole: d.Details} {
			for _, t := range x.lexicon.terms(text) {
				counts[i][t.text] += role
				lengths[i] += role
			}
		}
		total += lengths[i]
	}
	in := map[string]int{}
	for _, c := range counts {
		for term := range c {
			in[term]++
		}
	}
	for i, c := range counts {
		norm := saturation * (1 - lengthRole + lengthRole*lengths[i]/(total/float64(len(documents))))
		for term, n := range c {
			rarity := math.Log(1 + (float64(len(documents))-float64(in[term])+0.5)/(float64(in[term])+0.5))
			x.postings[term] = append(x.postings[term], posting{i, rarity * n * (saturation + 1) / (n + norm)})
		}
	}
	return x
}

// Scores returns how well each document matches words, in the order of the documents;
// 0 is not at all.
func (x *Index) Scores(words string) []float64 {
	scores := make([]float64, x.size)
	seen := map[string]bool{}
	for _, t := range x.lexicon.terms(words) {
		if seen[t.text] {
			continue
		}
		seen[t.text] = true
		for _, p := range x.postings[t.text] {
			scores[p.document] += t.role * p.weight
		}
	}
	return scores
}
