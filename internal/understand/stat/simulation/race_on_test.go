//go:build race

package simulation

// underRace shortens what is long arithmetic without any concurrency.
const underRace = true
