//go:build race

package truth

// raced: with the race detector reading the demo company's texts takes minutes. make check runs this package once more without it.
const raced = true
