package charset

import "unicode"

// letterModel holds, for each pair of letters of a language, the cost of the second after the first: twice the negative
// binary logarithm of its probability, 'a' for nothing up to 'z' for 12.5 bits. The first row and column are the
// border of a word. The counts come from 0.2 to 1.6 million letters of everyday and of news text a language.
type letterModel struct {
	index map[rune]uint8 // from 1; 0 is the border
	size  int
	cost  string
}

func newLetterModel(letters, cost string) *letterModel {
	m := &letterModel{index: make(map[rune]uint8), cost: cost}
	for _, r := range letters {
		m.size++
		m.index[r], m.index[unicode.ToUpper(r)] = uint8(m.size), uint8(m.size)
	}
	m.size++
	// Persian is written in windows-1256 with either form of these letters.
	for r, as := range map[rune]rune{'ک': 'ك', 'ى': 'ي'} {
		if i, ok := m.index[as]; ok && m.index[r] == 0 {
			m.index[r] = i
		}
	}
	return m
}

// Costs in half bits of what is no letter of the language.
const (
	costForeign   = 22 // a letter of another language
	costSign      = 14 // punctuation, a vowel point, a currency
	costUndefined = 50
)

// score is the likelihood of words of bytes above ASCII, decoded by to: higher is likelier.
func (m *letterModel) score(words [][]byte, to *[128]rune) float64 {
	var letter [128]uint8
	var sign [128]float64
	for i, r := range to {
		switch {
		case m.index[r] > 0:
			letter[i] = m.index[r]
		case r == unicode.ReplacementChar || unicode.IsControl(r):
			sign[i] = costUndefined
		case unicode.IsLetter(r):
			sign[i] = costForeign
		default:
			sign[i] = costSign
		}
	}
	sum := 0.0
	for _, w := range words {
		prev := 0
		for _, c := range w {
			next := int(letter[c-128])
			if next == 0 {
				sum += sign[c-128]
			}
			if prev != 0 || next != 0 {
				sum += float64(m.cost[prev*m.size+next] - 'a')
			}
			prev = next
		}
		if prev != 0 {
			sum += float64(m.cost[prev*m.size] - 'a')
		}
	}
	return -sum
}

var russian = newLetterModel("абвгдеёжзийклмнопрстуфхцчшщъыьэюя", ""+
	"zmjhmjmzokizjnjhigkhjlpnpkrzzzzmuofwnjolmxnisnihjgwnjihsqnpnnszzzxmknjquzvhxzxjzpiwleziiwizpxsxkoewvwl"+
	"ffzuuqguzphzklqkgnliomzqwspvyitzzokhtxshkzzziznixqczhsvjzvvuzzzzzzxzkfwltrfrnwhznjoifrjnqizqrzszzlnzvo"+
	"esnmljmuomvllijgrohhiwsprlonzzzztudvqolqvvqlvmolifvniqgvvnvvvvvvvvvvmhszugduzzezolzgozvtzmzzzpzzzzuzzz"+
	"gdqjnjlvqvkzoolijznuukzzxozzzimztnemnjolizrkllkijiorljixtlllovzzzzojbwurwmzzzutzmoqjoztjkzzzwqozzzzzzw"+
	"gezqxzlzoxgzrltpezjnkhzvqzzzzzzvzzigxypthrpzezonwngzzntjzzzuxzzmgyjjehrzxzfvzzgzqopjgltqzjszzzzzzjqwzl"+
	"kfyvpngvytgzoxzjfznmjltzoqwxzhjzomexjijjkxlookmiijpmiiisopsknszzzuvppizzzzhzzzjzukzpdpdsrkzzzvzzzpszwp"+
	"jetmnqfwpwgzpsnlftsmljxrptqxzkmxtlijulzphpzzjziinkijomelqquprzsojxsiggujzqhvzrizmmnkevikulzxztzyzlhzyo"+
	"eqmnjimzhksqmklmukjhizwkvjknzzztivljyypyeyyydyymyrfyiroklyyyryyssyyycjzmzzqzzzmzzovhdzmrsnvtzzzzzzuzzz"+
	"jismztdzztczozzzpzzzzjzznzzzzkzzzzofzzzzdozzhzmsvhszvxflzxztmzzzozzzkhztzzeszzezihvjhtoznlzzzzzzzzlzvz"+
	"pgyyyyckyyeyyyyryytyylyyyyyyyynyyylqqqqqbiqqqqqqqqqqqqqqqqqqqqqqqqqfeykisogzqquglgirzonklzziznoyzzzzzt"+
	"czosrrjtzntzjzpgsyzjnzrzstiwzzzzmlsyqorpsyyyyrjknksrmrbyoyyysyyyyyysdrivpgzzpszvsooqzzolezzvrkrhzzzztz"+
	"bzpkpmlzrltuqlkkzppmhzznqmsnzzzznq")

var hebrew = newLetterModel("אבגדהוזחטיךכלםמןנסעףפץצקרשת", ""+
	"zghnngimlojwjgvhxkojznzonkhlevlqkkgmjthpphmkpjnwqnzqsllghjmnligoknfoliukmkokzpzomhli"+
	"gkjqhmgjutfvzihmnkskztzwzjkodnkqnkgzrxenunkkqnwksszzojlldkkmmnimlqhzlmljsjnlzmzknllk"+
	"gjiniklplokomikklknlpmtmlikfgjltnegtwzjzhjrjppzjzzzulhzsgsjoihgloogvpipkrkmzvqvqmhli"+
	"fmmttkevknewplrmllqlqmzyphrnfikpliipmoimnkgmkjnmqntolkijazzzzzzzzzzqzzzzzzzzzzzzzzzz"+
	"nkgukjglmwhkofkiljoqxnzuyklkehlomhhqjogklkmktjqmvmypnomlazzzzzzzzzzzzzszzzzzzzzzzzzz"+
	"pilmhhgmjognllqklkljznrlkjijazzzvxzzzzzzzzxvrzzzzzzzzxzuplmloherlneqlroorplnwnxomnfi"+
	"gnjnlmfzoifsliqlsnpomizxkjzigtktklglzpiwofgkpjqwwtwkohjjazzzzzzzzzzzzzzzzzzzlzzzzzzz"+
	"onxlsigwimfoniuunjkjzutoihhjaxxxxsxxxxxxxxxxxxxxxxsxxxxxmjjlkigzjmfzzepjtlzjtlrsthzm"+
	"fnjylkfwokgzylroomlqroumpfjmegilojgsmmgmlpqospnntpnmlpmjhjjqriipnpfqlfnivkvnzlzsnhok"+
	"cnkoriirlyikoolmmltmulzrnkon")

var persian = newLetterModel("آئابتثجحخدذرزسشصضطظعغفقكلمنهوپچژگي", ""+
	"zmzggjtnnkhvkokloqpumummhohjjimoyklszzzlsvxzlntmnlozzzzzqlpulicpjkzuqgtyyqtnyyyyoyrytyyyqyyyyyyjngdgyyyye"+
	"gzrzlluqnokygiikpqpsptlopjjhlmnsypfizzeqkzwvnlygnkqwzpzmzuqpjvofjuxzngdzzilvxqqprzgsqmmxxqpqloqnjkihzzzni"+
	"fzzehzzzzzzzfzzrzzzzzzzvzernpzzzzzkjzzflouzzzinijpqzzzzpttzokilgfzzzzgjzzeogtqzzhqiwiokpzqzzpmolnofnzzzzh"+
	"ozzhpgzzzzozgwokjzpzzztzzktpldzzzugdzugxpzxzxqzgxlpzzzzvzsppmlkghzwzqhjzzdkfzzzhzzizzizzzzqzkziuzznnzzzzg"+
	"euzfjkzrvqhzsnnquqvzoylposlkjivrpngczqhqtzzwvmzlzxjzzzzzztzuskjlizzzqghzvhjdzzzlqzjzytzzmzszovnklmlipzztg"+
	"ezzinhzvvngzlzwpyzzzzurtjwjjijzzzlfizzhjszzmxhzjzzuqzpzxzezzhprnezzzzjgzzgjxzzmljzizzrzzxzfzzzzshzkizzzzf"+
	"dzzlkzzzjzzzezztzzzzlzmmvjltkgzzzzkhzzgtmzzzzzzczzvzzzzzxzzzzrxgnzzzzghxzenhlpzzizkpzxsntuzznpgkhjnmzzzzi"+
	"fzzhmszzzzzijmzuuzzzzzzzzinmnizzzzdhzzgugzyhzqziiunwpzkoyzjnlwmkhzzzzfgzzfjjzzzzhzhzkonsizhzpvzkrxlkzzzzf"+
	"hzzfwmpvzzrzhtiozzzzzzuzzjigelrzzzhezzfkizyovupprsozzrumtnslvjlmjozzueeztgpioomolzmqmlryrznwvnlkqikjoozof"+
	"dzzjpkzotrgzooknqzqlwzsomsjmjkzpzkgbzzgumzzzzmzlqlrzzzzzzszvxhntqzzzzleyxhkmultvhzgmlhoqtvoxrmojlhousprri"+
	"hzzgzlzzzmjnftjizzzzzzzznhymrjzzyrefzzkzvzuzzzzjzpizzszzzzpizqehhmzzqfezpjzuzzzzhzmzzmzzzzzzzzpozigozzzff"+
	"hzzgypzvzzzmenqnzzzzzzjzzmlpjezzzzgdzzjnkzpurizkllkvvszqympjkkglorqtml")

var arabic = newLetterModel("ءآأؤإئابةتثجحخدذرزسشصضطظعغفقكلمنهوىي", ""+
	"zzsjzlzeiujsmlomqmrlnprpvjojmljhmlixjaxxxxxxkxlqxxxxxxxxxxsxxxxxxxssqxnsxq"+
	"jttttttokotomtgmmjtltttttttltmghelmtgmxzzzzzxjqnmlkkmtipilmrnulokljkhfmgvj"+
	"mttttttitnlhntkhtttintttttttmhglthhtgqzzzzzzznzsnlmmojjqgnlllzisnmoekgruzh"+
	"kxxxxxxikjoxnkxlxjloqnsqxkxlloijklosdgmzzyzmplqjrnmplriolooqptmrmmndjinozm"+
	"fzwozrzfnllsqlrktiulmqrmzjpqlninlkiugazzyzzzswvvzzvzyzwzzzyzyzyzvywwvwvuzy"+
	"ezyotzvjlsmsmjlnqholkkqmrknlkllkkjjoieyyryyygmkqtyyrtygyyyyyyytypjqfkjnjth"+
	"hzwszztgklnwspwiqikkwzzzzlttwvihijgwhgzxzzzzgkkinnuzgoinkolonnzzmklhimojsh"+
	"izzzzzzgioizzzrimgonqjqjzzzkztfmppizhduzpzyuhqiootsnnzhzpuzzzzlvmnpojnlhof"+
	"hyyyyytdkypyqtyytkyyyyyyytyoyhhtmglygezxquzngjjmtlnslzmqmnrmrzopmmjsmmlinf"+
	"emzuzzpgmjmzqpuozkqzzzzzzmupoqijlkgqfgzzprzshjngzooqnzkzqzzzmzjzmomiklmhof"+
	"gzunuzqgkpkzollmwgzstzzqzkoknjjklkiughzvzzzzgjktzzkqizgzzzqzmzmliszhlkqgqh"+
	"ezuzuzzfmkpzrjojzjzzzzznzjrpzuhjqkjohfvztzzpghjqzvozrzhtqzzznzltkkvgojmhrh"+
	"iwwwwwwenkrwwwwwwfwwwwwwwwwlwpifwhkphfzwzzzzgjkltpzziuiorlpmpoyzropfjimjsk"+
	"hzzzzzzfmnnzzzzmphmnrsnmzzznzugjipgzggzzszptitkkzqopssislprjpqlttlmkqmljnd"+
	"fzzzzzzfjjjzzuzhqjtpsmnkzkzmprjlmminhfzzqzzxgkkkkvrzpqinlnzxxxpwnxrgihohwg"+
	"gzrjymxhkmjpmlnmomrkmnsovkollkjhlkkjifzxxqzwgkkknmlplsjqkmmoqujrqnmkngmjri"+
	"czyxzzzhnliwnptkrsokoospmopmnnupsjkqhdyyytzzeoppzpzzjjkputysuyyzwurlimjiti"+
	"htxozqvgjrjqknqkrhmkpnooslmlllhjgmoqiatzzzzzttzzzzzzzzzzzzzzzzzzzuzzzzuuzu"+
	"etzvtzshlhkqonpjtioknrpowlrllljkhkjzn")
