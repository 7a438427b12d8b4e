//go:build race

package watch

// underRace shortens what is long arithmetic without any concurrency.
const underRace = true
