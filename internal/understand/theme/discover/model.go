package discover

// Model tells the theme of a text.
type Model struct{}
