package text

// Names that people are given, and surnames of languages that write without capitals. By itself none of them makes a word a person:
// "Doreen answers it" and "دانا" stay. They decide where a text introduces somebody, or a telephone number stands beside.

// given are names that are hardly ever anything else, folded, in the nominative.
var given = set(`
	aaron abdul abdullah abigail adam adrian agnes ahmad ahmed aisha alan albert alejandro aleksandr alex alexander alexandra alexei alexey alfred ali alice alina alison amanda amber amelia
	amina amir amit amy ana anastasia anders andrea andreas andrei andrew andrey angela anita anjali ann anna anne annette anthony anton antonio arash ariel arjun arthur artem asaf ashley
	audrey avi avraham barbara beatrice ben benjamin bernard beth betty boris bradley brandon brenda brian bridget bruce bryan carl carla carlos carmen carol caroline catherine cecilia
	chaim charles charlie charlotte chloe chris christian christina christine christopher claire clara claudia colin connor craig cynthia dana daniel daniela danielle danny daria darren dave david
	deborah debra denis dennis derek dmitri dmitry dmytro donald donna doreen dorothy douglas duncan dylan edith edward eileen ekaterina elaine eleanor elena eli eliot elizabeth ella ellen
	emily emma eric erik esther ethan eva evelyn evgeny farah farhad fatima felix fiona florence fran frances francesca francis francisco frederick gabriel gareth gary gavin geoffrey george
	georgina gerald gilad giovanni gloria gordon graham greg gregory habib hamid hana hannah hans harriet hassan heather helen helena henry holly howard hugh hussein ian ibrahim ines ingrid
	irene irina isaac isabel isabella ivan jacob jake jamal james jamie jane janet janice jason javier jean jeff jeffrey jennifer jenny jeremy jessica jim joan joanna joanne joe joel john
	johnny jonas jonathan jose josef joseph joshua joyce juan judith judy julia julian julie justin kamal karen karim karl karolina kate katherine kathleen kathryn katie keith kelly ken kenneth
	kevin khaled kim kiran kirill kristin ksenia kyle larisa larry laura lauren laurence layla leah leila leo leon leonard leonid lewis liam linda lior lisa liz louis louise lucas lucia lucy
	luis luke lydia lynn magdalena maggie mahmoud malcolm marco marcus margaret maria marie marina marion mario marisol marta martha martin martina mary maryam matteo matthew maurice maya
	megan mehdi meir melanie melissa michael michal michel michelle miguel mike mikhail mila miranda miriam mohamed mohammad mohammed moira monica monika moshe muhammad nadia nancy naomi
	natalia natalie natasha nathan neha neil nicholas nick nicola nicolas nicole nigel nikita nikolai nina nir noah noam nora oleg oliver olivia olga omar omer orly oscar osman pablo pamela
	patricia patrick paul paula pauline pedro peter petra philip philippa phoebe pierre pinchas polina priya rachel rafael rahul ralph rami ravi raymond rebecca reza rhys ricardo richard rina
	rita robert roberto robin rodney roger rohan roland ronald ronit rosemary ross roy russell ruth ryan sally sam samantha samir samuel sandra sanjay sara sarah scott sean sebastian sergei
	sergey shane shannon sharon sheila shira shirley shlomo shmuel simon sofia sonia sophia sophie stanislav stefan stella stephanie stephen steve steven stuart susan susanna svetlana sylvia
	tamar tamara tanya tatiana teresa terence theodore theresa thomas tim timothy tina todd tom tomas tony tracy trevor tyler uri valentina valeria vanessa vera veronica vicky victor vikram
	vincent viktor viktoria vladimir walter wayne wendy william winifred xavier yael yakov yana yasmin yehuda yitzhak yosef yossi yulia yuri yusuf yvonne zachary zahra zainab zeynep zoe zvi

	אביבה אביגיל אביטל אבידן אביחי אביעד אבירם אביתר אבנר אברהם אגם אדוה אדיר אהוד אהרון אודליה אולגה אופיר אופק אורי אוריאל אוריה אורית אורלי אורן אחמד איוון איזבלה
	אייל איילה איילת איילון אילון אילן אילנה אילת אינה אינס אירינה אירית איתי איתמר איתן אלון אלונה אליאור אליהו אליעזר אלירן אלישבע אלכס אלכסנדר אלכסנדרה אלמוג אלעד אמיר אמירה אנה אנדריי אנטון
	אנסטסיה אסף אסתר אפרים אפרת אריאל אריה אריק ארז בוריס בועז ביאטה ביניימין בנימין בנצי בצלאל ברוריה בתיה גאולה גבריאל גדי גדעון גולן גילה גילי גילת גיא גליה גלית גלעד
	גרשון דבורה דוד דודי דולב דורון דורית דליה דלית דמיטרי דנה דני דניאל דניאלה דפנה הגר הדס הדסה הדר הילה הלל ולדימיר ויקטור ויקטוריה זאב זהבה זוהר זיו חגי חגית חוה חיימון חנה
	חנן חנוך טובה טוביה טטיאנה טליה טלי טמיר יאיר יבגני יהודה יהודית יהונתן יהושע יואב יואל יובל יוחאי יוכבד יוליה יונתן יוסי יוסף יורי יותם יעל יעקב יפעת יצחק יריב ירון ישי ישעיהו
	כרמית לאה לאוניד לודמילה לובה ליאור ליאורה ליאת ליהי לילך לימור לינוי לירון לירז מאיה מאיר מוחמד מוטי מורן מורדכי מוריה מחמוד מיה מיטל מיכאל מיכל מיקי מירב מירי מירה מרים
	מנחם מנשה מריה מרינה משה נאוה נאור נגה נדב נוגה נועה נועם נורית נחום נחמה נטע נטלי נטליה ניסים ניצן ניר נירית נעמה נעמי נפתלי נתלי נתן נתנאל סבטלנה סיגל סיגלית סלאח
	סמיר סמירה סרגיי עדינה עדנה עובדיה עודד עומר עוזי עופר עופרה עידו עידית עינב עינת עירית עליזה עמוס עמנואל עמרי ענבל ענת עפרה ערן פאטמה פבל פולינה פיליפ פלורה פנחס פנינה צבי צביה
	צביקה ציפי צליל קובי קטיה קרינה קסניה ראובן רבקה רועי רוזה רון רוני רונן רונית רותי רחל ריבי רינה רינת רמי רן רננה רעות רפאל רפי שאול שגיא שגית שולמית שושנה שיראל שירה שירי שירן
	שלומי שלומית שלמה שמואל שמעון שמשון שרה שרית תומר תומס תמי תמר תמרה

	آتنا آرش آرمان آرمین آرین آزیتا آناهیتا آوا آیدا آیدین ابراهیم ابوالفضل احمد احمدرضا اردشیر اردلان ارسلان اسماعیل اشکان اصغر افسانه افشین اکبر اکرم الناز الهه امیر امیرحسین
	امیرعلی امین امیررضا بابک بهرام بهروز بهزاد بهنام بهناز پارسا پدرام پرستو پرهام پروین پرویز پریسا پریا پژمان پوریا پویا پیمان تارا تینا تهمینه تیمور جعفر جلال جلیل جمشید جواد
	حامد حبیب حسام حسن حسین حمید حمیدرضا حمیده خسرو خدیجه داریوش دانیال داود داوود دلارام رامین رحمان رحیم رسول رضا رضوان رقیه رکسانا روحالله رویا ریحانه زهرا زهره زینب ژاله ژیلا سارا
	ساسان سامان سپهر سپیده سجاد سعید سعیده سمیرا سمیه سهراب سهیل سهیلا سودابه سوگند سولماز سوسن سیامک سیاوش سیما سیمین سینا سیروس شاهرخ شاهین شایان شبنم شراره شقایق شهاب شهرام شهربانو
	شهره شهریار شهلا شهناز شیدا شیرین شیما شیوا صدف صغری طاهره طاها عاطفه عباس عبدالله عرفان علی علیرضا علیرضا عماد غزاله غلامرضا غلامحسین فائزه فاطمه فتانه فرانک فرزاد فرزانه فرشاد
	فرشته فرشید فرناز فرهاد فریبا فریبرز فرید فریدون فریده قاسم کاظم کاوه کامبیز کامران کامیار کتایون کسری کوروش کیان کیانا کیانوش کیمیا کیوان گلناز گیتا لادن لاله لیدا لیلا مازیار
	ماهان مجتبی مجید محبوبه محدثه محسن محمد محمدرضا محمدعلی محمود مرتضی مرجان مرضیه مریم مژده مژگان مسعود مصطفی معصومه مقداد ملیحه منصور منصوره منوچهر منیژه منیره مهدی مهدیه مهران مهرداد مهرناز
	مهسا مهشید مهناز مهین مونا میترا میثم میلاد مینا مینو نادر نادیا ناصر ناهید نجمه نرگس نازنین نسترن نسرین نفیسه نوشین نیلوفر نیما نیوشا هادی هاشم هانیه هما هوشنگ هومن وحید وحیده
	یاسر یاسمن یاسمین یعقوب یوسف یونس

	авдотья агата азамат айгуль айдар айнур алан алевтина александр александра алексей алена алеся али алина алиса алла алсу альберт альбина амина анатолий анастасия ангелина андрей анжела анна антон антонина
	анфиса арина аркадий арман арсен арсений артем артур асель ася афанасий ахмед аслан богдан борис булат вадим валентин валентина валерий валерия варвара василий василиса вероника виктор виктория виталий
	виталина влад владимир владислав владислава всеволод вячеслав галина гаянэ геннадий георгий герман глеб григорий гульнара гульнар давид дамир дана даниил данила данил данияр даниэль дарья даша денис диана
	дина динара дмитрий евгений евгения евдокия егор екатерина елена елизавета ержан ефим жанна жанар захар зарина зинаида злата зоя зульфия ибрагим иван игнат игорь илона ильдар ильнур ильшат илья инесса инна
	иннокентий иосиф ираида ирина ия камила карина катерина катя кира кирилл клавдия константин кристина ксения лада лариса лейла леонид лена лидия лилия лиана людмила магомед майя макар максим маргарита марина
	мария марат мадина марк марта маша матвей мила милана мирон михаил мурат надя назар наиля настя наталия наталья наташа нелли никита николай нина нурлан оксана олег олеся оля ольга павел паша петр полина прасковья
	прохор равиль раиса рамиль расул ренат ринат рита роберт родион рузанна руслан рустам сабина савелий саша света светлана святослав семен сергей серафима софия софья станислав степан сулейман таисия тамара
	таня тарас татьяна тимофей тимур тихон ульяна фарид фатима федор филипп фаина франц харитон шамиль эдгар эдуард элина эльвира эльдар эмилия эмма эмиль эрик юлиана юлия юрий юля яков ян яна ярослав ярослава
`)

// givenAlso are names that are words, towns or months as well: a surname must stand beside them.
var givenAlso = set(`
	alma amber angel april art august austin autumn bill bob brooke candy carter chance charity cherry chuck clay cliff crystal daisy dale dan dean destiny dick don drew ed faith fern florence frank gay gene
	georgia ginger glen grace grant guy harmony harry hazel heather hope hunter iris ivy jack jade jan jasmine jasper jay jewel jordan joy june kay lance lee lily mark marty mat max may melody mercy miles mohan misty nat norm
	olive opal pat paris pearl penny pepper phil piper poppy precious ray rich rick rob robin rocky rod ron rose rosie ruby rusty sandy savannah scarlet sid sky solomon stacey stan sterling stone sue summer sunny
	tad terry tess theo toby tori ty uma van victoria violet virginia wade ward will willow woody
	אביב אוהד אושר אור אביה אלה אמונה אורה אלמה אמת אשל ארבל בר ברוך ברכה גאיה גיל גפן גל דביר דקל דרור דור דרורה הוד הדר זיו זהר חן חסד חיה טל טובה טוב ים יפה ירדן יקיר ישועה כוכבה כרם כוכב לב לביא ליבי לי לין
	לשם מאור מזל מוקד מעיין מעין נאמן נוי נופר ניצן נצח נחת עדי עדן עמל ענת עופר פז פלג פרי צור צוף צופיה קמה קשת רוח רום רז רון רוני רם רווה רעם שגב שגיא שובל שחר שיר שירה שלום שני מני שי בני גלי עוז ברק שרון כרמל עמית ורד קרן מלכה עידן אשר רומן חיים סיון אדם מתן אלי מרק אבי ישראל הראל יונה מור כפיר רותם דן שלו שליו שמחה שמש שקד שקט ששון
	תהילה תקוה תומר תמיר
	آذر بهمن آرام هدیه یلدا صادق کریم نوید مانی الهام احسان بهاره ترانه فرهنگ غزل رعنا آرزو آزاد آزاده آسمان آفتاب امید ایران ایمان باران بهار بهشت پروانه پگاه پیام پیروز ثریا جهان حق دریا رضایت روشن ژینا ساحل ستاره سحر سعادت سبا شادی شکوفه شهرزاد صبا صفا عسل عشق فروغ
	گلاب گوهر مهر مهتاب مقدس نازی نسیم نگار نگین نور نیاز هستی همت یاس
	вера влада воля гай злата искра лев любовь люба май мир надежда нонна октябрина победа рада роза роман римма слава снежана соня тим
`)

// surnames decide in scripts without capitals, where the word beside a name may be any word.
var surnames = set(`
	אבוטבול אבוחצירה אבוקסיס אביטל אבינועם אבן אברג'יל אברהם אברהמי אברמוב אברמוביץ אגסי אדלר אדרי אהרוני אוחיון אוחנה אורן אזולאי אטיאס אייזנברג איבגי אילוז אלבז אלון אלוני אליהו אלימלך אלמוג אלמוגי אלקיים אלפסי
	אמסלם אמר אסולין אפרתי אריאלי ארד אשכנזי בוזגלו בוחבוט ביטון בכר בלום בן-דוד בן-חמו בן-שושן ברגר ברדה ברגמן ברוך ברנר ברק ברקוביץ בר-לב בראון גבאי גבריאלי גואטה גולדברג גולדמן גולדשטיין גולן גורן גליק גרוס
	גרינברג דהאן דהן דוידוב דוידוביץ דדון דיין דיאמנט דנינו דרור הופמן הורוביץ הרוש הררי הרשקוביץ וולף וייס וינברג וינר ונונו וקנין זילבר זילברמן זיו חביב חדד חזן חיון חורי
	חליל חסון טולדנו טויטו יגודה יהודה יונה יוסף יוסופוב יעקב יעקובי יפרח ירושלמי ישראלי כהן כהנא כהנוב כץ כרמי לביא לוגסי לוי לוין לויתן לנדאו ליבוביץ מגידיש מויאל מורד מזרחי מימון מלול
	מנצור מסיקה מרדכי מרציאנו מרקוביץ נגר נחום נחמיאס ניסים נסים נתנאל סבג סבן סגל סויסה סולומון סיטבון סימן-טוב סעדון סרוסי עובדיה עזרא עזריאל עטיה עמר עמרם עמית פדידה פולק פורת פינטו פישר פלדמן פלד
	פרידמן פרי פרץ פרלמן פריד צבי צוקר צרפתי קדוש קופר קורן קליין קמחי קפלן קרמר קריספין קוגן ראובן רבינוביץ רביבו רובין רובינשטיין רוזן רוזנברג רוזנפלד רוזנבלום רוט רונן רחמים רפאלי שאול שגב
	שולמן שוורץ שוחט שטיין שטרן שטרית שחר שיטרית שטרנברג שלמה שמואלי שמיר שמעוני שמש שפירא שפיר שקד שרון ששון תורג'מן תמם

	آقایی آهنگر ابراهیمی احمدی ادیب اسدی اسکندری اسماعیلی اصغری اصلانی اعتمادی افشار اکبری اکبرپور امامی امیری امینی انصاری ایزدی باقری بختیاری برزگر بهرامی بهمنی بیات پاکزاد پناهی پیروزی تاجیک ترکمان
	تقوی تهرانی توکلی ثابتی جباری جعفری جلالی جلیلی جمالی جوادی حاتمی حاجی حبیبی حسنی حسینی حمیدی حیدری خادمی خالقی خسروی خلیلی خدادادی دانشور داوودی درویشی دلاوری دهقان دهقانی ذاکری رجبی
	رحمانی رحیمی رستگار رستمی رسولی رضایی رضوی رفیعی رمضانی رنجبر روحانی زارع زارعی زمانی زند ساداتی سالاری سبحانی سعیدی سلطانی سلیمانی سلیمی سهرابی سیفی شاکری شاهی شجاعی شریفی شفیعی شکوهی شمس شهبازی شیرازی
	شیری صابری صادقی صالحی صباغ صدری صفایی صفری صفوی صمدی طالبی طاهری طباطبایی عباسی عبداللهی عبدی عزیزی عسگری عظیمی علوی علیزاده عمادی غفاری غلامی فتاحی فتحی فراهانی فرجی فرهادی فرهمند فروغی فلاح فلاحی
	قاسمی قربانی قنبری کاظمی کاظمیان کامرانی کرمانی کرمی کریمی کمالی کیانی گلستانی گودرزی لطفی محسنی محمدی محمودی مرادی مرتضوی مظفری معتمدی معینی مقدم ملکی ملکوتی منصوری موسوی مولایی مومنی میرزایی مهدوی ناصری
	نادری نجفی نصیری نعمتی نوری هاشمی هدایتی همتی یزدانی یزدی یعقوبی یوسفی
`)

// surnameEnds are how Persian surnames end that are made of two words.
var surnameEnds = []string{"زاده", "پور", "نژاد", "پناه", "وند", "فرد", "منش", "چیان", "دوست", "تبار", "یان", "راد"}
