package ui

import (
	"strconv"

	"kolo/internal/foundation/i18n"
)

func num(n int) string { return strconv.Itoa(n) }

// OwnName is a language's name in itself.
func OwnName(tag string) string { return i18n.OwnName(tag) }

// Named is the name of a value under a prefix of messages ("channel." and "email"); a value that has no message, such
// as a channel of the customer's own making, is shown as it is.
func Named(e Env, prefix, value string) string {
	if e.Has(prefix + value) {
		return e.T(prefix + value)
	}
	return value
}

// flips are the icons that point along the line of reading, and turn round with it.
var flips = map[string]bool{
	"chevron-next": true, "chevron-prev": true, "up": true, "down": true, "steady": true, "arrow": true, "sign-out": true,
	"explore": true, "chart": true, "import": true, "export": true,
}

var channelIcons = map[string]string{
	"web": "web", "widget": "widget", "email": "mail", "sms": "sms", "phone": "phone", "paper": "paper", "chat": "chat",
	"call": "call", "social": "social", "review": "review", "app_store": "store", "interview": "interview", "api": "api",
	"import": "file", "ticket": "ticket", "kiosk": "kiosk", "visit": "visit",
}

// ChannelIcon is the icon of a channel.
func ChannelIcon(channel string) string {
	if icon, ok := channelIcons[channel]; ok {
		return icon
	}
	return "other"
}

func share(p Progress) float64 {
	if p.Total <= 0 {
		return 0
	}
	return min(1, float64(p.Done)/float64(p.Total))
}
