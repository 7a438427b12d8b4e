package ui

// themes are the entries of the theme menu; "auto" follows the system.
var themes = []struct{ value, icon string }{{"light", "sun"}, {"dark", "moon"}, {"auto", "auto"}}

func title(sh Shell) string {
	s := "Kolo"
	if sh.Workspace != "" {
		s = sh.Workspace + " · " + s
	}
	if sh.Title != "" {
		s = sh.Title + " · " + s
	}
	return s
}

func toneIcon(tone string) string {
	switch tone {
	case "good":
		return "success"
	case "bad":
		return "error"
	case "warn":
		return "warning"
	}
	return "info"
}
