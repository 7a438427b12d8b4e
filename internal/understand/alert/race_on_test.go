//go:build race

package alert

// underRace shortens what is long arithmetic without any concurrency.
const underRace = true
