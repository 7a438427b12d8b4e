package demo

// Theme is what a text is about: an index into Themes.
type Theme uint8

// Themes lists the themes of the company's customers by their ids.
var Themes = [...]string{"delivery", "price", "billing_error", "staff_attitude", "waiting_time", "technician_visit",
	"product_quality", "defect", "app", "login", "communication", "refund", "cancellation", "website", "store",
	"cleanliness", "features", "support_competence", "contract_terms", "coverage", "installation", "returns", "loyalty",
	"electricity", "praise"}

const numThemes = len(Themes)

const (
	delivery Theme = iota
	price
	billing
	staff
	waiting
	technician
	product
	defect
	app
	login
	communication
	refund
	cancellation
	website
	store
	cleanliness
	features
	support
	contract
	coverage
	installation
	returns
	loyalty
	electricity
	praise
)

var themeByID = func() map[string]Theme {
	m := make(map[string]Theme, numThemes)
	for i, id := range Themes {
		m[id] = Theme(i)
	}
	return m
}()

// valence is what mentioning a theme goes with on the latent scale of satisfaction (standard deviations of the noise).
var valence = [numThemes]float64{delivery: 0, price: -.25, billing: -.45, staff: .1, waiting: -.4, technician: -.05,
	product: .05, defect: -.4, app: 0, login: -.35, communication: -.15, refund: -.3, cancellation: -.35, website: -.1,
	store: .1, cleanliness: .05, features: -.05, support: -.1, contract: -.3, coverage: -.25, installation: .05,
	returns: -.2, loyalty: .2, electricity: -.05, praise: .5}
