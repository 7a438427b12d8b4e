package imports

import (
	"cmp"
	"strings"

	"kolo/internal/people/contact"
)

// namer collects whom rows name, kept or refused: by their columns, and by addresses wherever they stand. It is for one goroutine.
type namer struct {
	columns *soughtIn
	region  string // the workspace's, of telephone numbers without their country's code
	found   map[[2]string]contact.Identity
}

func newNamer(im Import, region string) *namer {
	n := &namer{columns: (&sought{}).within(im), region: cmp.Or(im.Mapping.Constants.Country, region), found: map[[2]string]contact.Identity{}}
	n.addresses(im.Name)
	return n
}

// row notes whom a row names; who is what it makes of its customer, if that is known.
func (n *namer) row(columns []string, r rawRow, who *contact.Ref) {
	region := n.region
	if who != nil {
		region = cmp.Or(who.Country, region)
		n.add(contact.External, who.External, region)
		n.add(contact.Email, who.Email, region)
		n.add(contact.Phone, who.Phone, region)
	}
	n.addresses(r.raw)
	for i, cell := range r.cells {
		n.addresses(cell)
		if i >= len(columns) || cell == "" {
			continue
		}
		h := n.columns.of(columns[i])
		if h.ids {
			n.add(contact.External, strings.TrimSpace(cell), region)
		}
		if h.phones {
			n.add(contact.Phone, cell, region)
		}
	}
}

// addresses notes the e-mail addresses in a text.
func (n *namer) addresses(text string) {
	if !strings.Contains(text, "@") {
		return
	}
	for _, w := range strings.FieldsFunc(text, func(r rune) bool { return !inWord(r) && !strings.ContainsRune("@.+-'%&!#$*/=?^`{|}~", r) }) {
		if strings.Contains(w, "@") {
			n.add(contact.Email, w, "")
			n.add(contact.External, w, "") // some recognise customers by them
			n.add(contact.Email, strings.Trim(w, ".!?'-`*/=|"), "")
		}
	}
}

func (n *namer) add(kind contact.Kind, value, region string) {
	if value == "" || missing(value) {
		return
	}
	norm, problem := contact.NormIdentity(kind, value, region)
	if problem == "" {
		n.found[[2]string{string(kind), norm}] = contact.Identity{Kind: kind, Value: value, Norm: norm}
	}
}

// take gives whom the rows named since it was last asked.
func (n *namer) take() []contact.Identity {
	var out []contact.Identity
	for _, x := range n.found {
		out = append(out, x)
	}
	clear(n.found)
	return out
}
