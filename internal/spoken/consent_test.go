package spoken_test

import (
	"testing"

	"callwright/internal/spoken"
)

// A word that names what is put forward is no refusal of it, and is one of anything else.
func TestConsentToADeed(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		deed string
		said string
		want spoken.Answer
	}{
		{"cancel_reservation", "Yes, cancel it", spoken.Yes},
		{"Cancel reservation", "yes please cancel that", spoken.Yes},
		{"Cancel reservation", "sure, cancel it", spoken.Yes},
		{"Cancel reservation", "go ahead and cancel it", spoken.Yes},
		{"Cancel reservation", "cancel it", spoken.Unclear},
		{"Cancel reservation", "no, don't cancel it", spoken.No},
		{"Cancel reservation", "don't cancel it", spoken.No},
		{"Cancel reservation", "do not cancel", spoken.No},
		{"Cancel reservation", "yes, don't cancel it", spoken.Unclear},
		{"Cancel reservation", "yes, cancel it on Friday", spoken.Unclear},
		{"Cancel reservation", "yes, cancel the other one", spoken.Unclear},
		{"Cancel reservation", "yes, book it", spoken.Unclear},
		{"Cancel reservation", "never mind", spoken.No},
		{"Cancel reservation", "stop", spoken.No},
		{"Cancel reservation", "yes, cancel it?", spoken.Unclear},
		{"Book a table", "cancel it", spoken.No},
		{"Book a table", "yes, cancel it", spoken.Unclear},
		{"Book a table", "yes, book it please", spoken.Yes},
		{"Book a table", "book it", spoken.Unclear},
		{"Report a cancelled flight", "cancel it", spoken.No},
		{"No-show report", "no", spoken.No},
		{"Wait for a table", "wait", spoken.No},
		{"Wait for a table", "yes, wait", spoken.Unclear},
		{"Confirm a visit", "confirm", spoken.Yes},
		{"Stop a payment", "yes, stop it", spoken.Yes},
		{"Stop a payment", "stop it", spoken.Unclear},
		{"", "yes, cancel it", spoken.Unclear},

		{"Cancelar reserva", "Sí, cancélala por favor", spoken.Yes},
		{"Cancelar reserva", "sí, cancele", spoken.Yes},
		{"Cancelar reserva", "no la cancele", spoken.Unclear},
		{"Reservar mesa", "cancela", spoken.No},
		{"Reservar mesa", "sí, cancela", spoken.Unclear},

		{"Annuler la réservation", "oui, annulez-la s'il vous plaît", spoken.Yes},
		{"Annuler la réservation", "annulez", spoken.Unclear},
		{"Réserver une table", "annulez", spoken.No},
		{"Réserver une table", "oui, annulez", spoken.Unclear},

		{"Buchung stornieren", "ja, bitte stornieren", spoken.Yes},
		{"Termin absagen", "ja, absagen", spoken.Yes},
		{"Vorgang abbrechen", "ja, abbrechen", spoken.Yes},
		{"Vorgang abbrechen", "nein, nicht abbrechen", spoken.No},
		{"Tisch reservieren", "abbrechen", spoken.No},
		{"Tisch reservieren", "ja, abbrechen", spoken.Unclear},

		{"Cancelar a reserva", "sim, cancele", spoken.Yes},
		{"Cancelar a reserva", "não, não cancele", spoken.No},
		{"Reservar uma mesa", "cancele", spoken.No},

		{"Annulla prenotazione", "sì, annulla", spoken.Yes},
		{"Annulla prenotazione", "sì, annullala", spoken.Yes},
		{"Prenota un tavolo", "annulla", spoken.No},
		{"Prenota un tavolo", "sì, annulla", spoken.Unclear},

		{"Reservering annuleren", "ja, annuleren", spoken.Yes},
		{"Reservering annuleren", "ja, annuleer het maar", spoken.Unclear},
		{"Reservering annuleren", "ja, annuleer het", spoken.Yes},
		{"Tafel reserveren", "annuleren", spoken.No},
		{"Tafel reserveren", "ja, annuleren", spoken.Unclear},
	} {
		if got := spoken.ConsentTo(c.said, c.deed); got != c.want {
			t.Errorf("%s, %q: got %s, want %s", c.deed, c.said, got, c.want)
		}
	}
}
