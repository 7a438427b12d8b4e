package text

import "testing"

func TestDetect(t *testing.T) {
	t.Parallel()
	if err := Ready(); err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{
		"The courier left the parcel in the rain again":      "en",
		"המשלוח איחר בשבועיים ואף אחד לא התקשר":              "he",
		"די ליפערונג איז געקומען שפּעט און קיינער האָט נישט": "yi",
		"Курьер снова оставил посылку под дождём":            "ru",
		"Кур'єр знову залишив посилку під дощем":             "uk",
		"پیک دوباره بسته را زیر باران گذاشت و رفت":           "fa",
		"پيك دوباره بسته را زير باران گذاشت و رفت":           "fa",
		"ترك المندوب الطرد تحت المطر مرة أخرى ولم يتصل":      "ar",
		"رقمي 0501234567": "ar",
		"رقم هاتفي 050":   "ar",
		"جيد":             "ar",
		"شماره ي من":      "fa",
		"خيلي عالي":       "fa",
		"راضي نيستم":      "fa",
		"کورئیر نے پھر پارسل بارش میں چھوڑ دیا":                                  "ur",
		"Der Bote hat das Paket schon wieder im Regen stehen lassen":             "de",
		"Le livreur a encore laissé le colis sous la pluie":                      "fr",
		"Yetkazib beruvchi yana posilkani yomg'ir ostida qoldirdi":               "uz",
		"快递员又把包裹放在雨里了":                                                           "zh",
		"配達員がまた荷物を雨の中に置いた":                                                       "ja",
		"배달원이 또 비를 맞게 했어요":                                                       "ko",
		"พัสดุมาช้ามาก":                                                          "th",
		"Παραδόθηκε αργά":                                                        "el",
		"Առաքումը ուշացավ":                                                       "hy",
		"დაგვიანდა":                                                              "ka",
		"שלחתי לכם מייל ל-support@example.com לגבי iPhone 15 Pro Max, אין תשובה": "he",
		"http://example.com/the/and/for спасибо большое":                         "ru",
		"": Undetermined, "👍👍 12345 !!!": Undetermined, "\xff\xfe": Undetermined,
	} {
		if got := Detect(text); got.Code != want || (got.Confidence == 0) != (want == Undetermined) {
			t.Errorf("Detect(%q) = %+v, want %s", text, got, want)
		}
	}
}

// What somebody is known to speak settles short texts, and only those.
func TestDetectWith(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ text, hint, want string }{
		{"super", "de", "de"},
		{"super", "fr", "fr"},
		{"The courier left the parcel in the rain again and nobody called", "de", "en"},
		{"спасибо", "he", "ru"},
		{"תודה", "en", "he"},
		{"да", "bg", "bg"},
		{"👍", "en", Undetermined},
		{"helt fint", "nb", "no"},
	} {
		if got := DetectWith(c.text, c.hint); got.Code != c.want {
			t.Errorf("DetectWith(%q, %s) = %+v, want %s", c.text, c.hint, got, c.want)
		}
	}
}

// Without the model the script alone is told, and nothing breaks.
func TestDetectWithoutModel(t *testing.T) {
	t.Parallel()
	var none *languages
	for text, want := range map[string]string{"Привет": "ru", "hello": "en", "سلام": "ar", "שלום": "he", "日本語です": "ja"} {
		if got := none.detect(text, ""); got.Code != want || got.Confidence > 0.99 {
			t.Errorf("%q is called %+v", text, got)
		}
	}
}
