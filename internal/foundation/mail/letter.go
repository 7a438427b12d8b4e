package mail

import (
	"html/template"
	"strings"
)

// Letter is what a mail says, in its reader's language. Text and HTML say the same.
type Letter struct {
	Language  string // BCP 47
	Direction string // "ltr" or "rtl"
	Title     string
	Lead      string // may be empty
	Items     []Item
	Do        Link   // what to do about all of it; may be empty
	Foot      string // why the reader gets this; may be empty
	FootLink  Link   // where that can be changed; may be empty
}

// Item is one thing that a letter tells.
type Item struct {
	Title string
	Lines []string
	Link  Link // may be empty
}

// Link leads somewhere; an empty URL is none.
type Link struct{ Label, URL string }

// Text is the letter as plain text.
func (l Letter) Text() string {
	var b strings.Builder
	paragraph := func(parts ...string) {
		for _, p := range parts {
			if p != "" {
				b.WriteString(p + "\n")
			}
		}
		b.WriteString("\n")
	}
	paragraph(l.Title)
	if l.Lead != "" {
		paragraph(l.Lead)
	}
	for _, i := range l.Items {
		paragraph(append(append([]string{"* " + i.Title}, i.Lines...), i.Link.text())...)
	}
	if l.Do.URL != "" {
		paragraph(l.Do.text())
	}
	if l.Foot != "" || l.FootLink.URL != "" {
		b.WriteString("-- \n") // mail programs know what follows as a signature
		paragraph(l.Foot, l.FootLink.text())
	}
	return strings.TrimRight(b.String(), "\n") + "\n"
}

func (l Link) text() string {
	if l.URL == "" {
		return ""
	}
	return l.Label + ": " + l.URL
}

// Start is the side on which a line begins.
func (l Letter) Start() string {
	if l.Direction == "rtl" {
		return "right"
	}
	return "left"
}

// HTML is the letter as one column that mail programs of any age can show: tables, and styles at each element.
func (l Letter) HTML() string {
	var b strings.Builder
	if err := page.Execute(&b, l); err != nil {
		panic("mail: " + err.Error()) // a strings.Builder takes everything, and the template is tested
	}
	return b.String()
}

var page = template.Must(template.New("letter").Parse(`<!DOCTYPE html>
<html lang="{{.Language}}" dir="{{.Direction}}">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light"><title>{{.Title}}</title></head>
<body dir="{{.Direction}}" style="margin:0;padding:24px 12px;background:#f4f6f8;font-family:system-ui,-apple-system,'Segoe UI',Roboto,Arial,sans-serif;font-size:15px;line-height:1.5;color:#1d2733">
<table role="presentation" dir="{{.Direction}}" width="100%" cellpadding="0" cellspacing="0" style="max-width:600px;margin:0 auto;background:#ffffff;border:1px solid #dfe5ea;border-radius:8px">
<tr><td style="padding:24px;text-align:{{.Start}}">
<h1 style="margin:0 0 12px;font-size:20px;line-height:1.3">{{.Title}}</h1>
{{- if .Lead}}
<p style="margin:0 0 16px">{{.Lead}}</p>
{{- end}}
{{- range .Items}}
<div style="margin:0 0 16px;padding:12px 16px;background:#f4f6f8;border-radius:6px">
<h2 style="margin:0 0 4px;font-size:16px">{{.Title}}</h2>
{{- range .Lines}}
<p style="margin:0 0 4px">{{.}}</p>
{{- end}}
{{- if .Link.URL}}
<p style="margin:8px 0 0"><a href="{{.Link.URL}}" style="color:#0b6a80">{{.Link.Label}}</a></p>
{{- end}}
</div>
{{- end}}
{{- if .Do.URL}}
<p style="margin:16px 0 0"><a href="{{.Do.URL}}" style="display:inline-block;padding:10px 18px;background:#0b6a80;color:#ffffff;border-radius:6px;text-decoration:none">{{.Do.Label}}</a></p>
{{- end}}
</td></tr>
{{- if or .Foot .FootLink.URL}}
<tr><td style="padding:12px 24px;border-top:1px solid #dfe5ea;font-size:13px;color:#5b6875;text-align:{{.Start}}">{{.Foot}}{{if .FootLink.URL}} <a href="{{.FootLink.URL}}" style="color:#0b6a80">{{.FootLink.Label}}</a>{{end}}</td></tr>
{{- end}}
</table>
</body>
</html>
`))
