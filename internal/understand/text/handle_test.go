package text

import "testing"

func TestHandles(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ lang, text, want string }{
		{"en", "my telegram is @ivan_petrov", "my telegram is [username]"},
		{"en", "my twitter is @janedoe99, write there", "my twitter is [username], write there"},
		{"en", "Telegram: @ivan_petrov", "Telegram: [username]"},
		{"en", "Nobody answers, contact me @jane", "Nobody answers, contact me [username]"},
		{"he", "הטלגרם שלי @dana_c", "הטלגרם שלי [username]"},
		{"fa", "تلگرام من @ali_r", "تلگرام من [username]"},
		{"ru", "пишите мне в телеграм @ivan_p", "пишите мне в телеграм [username]"},

		// The company that is written to.
		{"en", "@company_help this is bad", "@company_help this is bad"},
		{"en", "My tweet to @company was ignored", "My tweet to @company was ignored"},
		{"en", "Your Twitter @company is silent", "Your Twitter @company is silent"},
		{"en", "I posted my complaint on Twitter @company", "I posted my complaint on Twitter @company"},
		{"en", "they text me @noon", "they text me @noon"},

		// Addresses said in words.
		{"en", "write to ali at gmail dot com please", "write to [email] please"},
		{"en", "ali dot reza at mail dot example dot com", "[email]"},
		{"en", "joe (at) example (dot) com", "[email]"},
		{"ru", "почта иван собака мейл точка ру", "почта [email]"},
		{"he", "דנה שטרודל gmail נקודה com", "[email]"},
		{"en", "Look at it. Meet at noon, dot", "Look at it. Meet at noon, dot"},
		{"en", "I looked at example.com", "I looked at example.com"},
	} {
		if got := Mask(c.text, Personal(c.text, c.lang)); got != c.want {
			t.Errorf("%s: %q\n  gives %q\n  want  %q", c.lang, c.text, got, c.want)
		}
	}
}
