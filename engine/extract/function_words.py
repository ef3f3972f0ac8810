"""The commonest words that the general stop lists lack, and lists for languages that have none.

Every language that the detector knows was looked at: the 150 most frequent words of its everyday
text were compared with the list of stopwordsiso, and what a speaker needs to make any sentence at
all is listed here. Without it a talk is titled "and, not". Words with a meaning of their own
(people, house, year) are left out, however frequent: a talk may be about them.
"""

from __future__ import annotations

import unicodedata


def without_accents(word: str) -> str:
    """Return a Greek word without accents."""
    parts = unicodedata.normalize("NFD", word)
    return "".join(char for char in parts if not unicodedata.combining(char))


# Beside the list of stopwordsiso.
_MORE = {
    "ar": """
        الله يا أيضا أنه ولكن شيء إلا أحد فقط الآن أخرى ليس كنت أنا انا بأن تكون تحت جدا فإن
        أنها يتم يجب الكثير والتي عبر فقد يقول العديد ل هذه وهذا وهو وهي لكن نحن أنت هنا هناك
        كان كما لم لن قد
    """,
    "bg": "има става може трябва",
    "bn": """
        সাথে এক একটা একজন হিসেবে ভালো মত মতো কারণে আরো আরও না নয় কিন্তু যদি তাহলে তখন যখন এখন
        আছে ছিল হয় হবে করে এবং ও আমি তুমি আপনি সে তারা এই ওই সেই সেটি এটা কি কী কেন কোথায় থেকে
        জন্য সঙ্গে খুব
    """,
    "ca": """
        l d s se cap any anys fet gran m pot té dir t veure millor sempre nou tres diu segons
        res n doncs perquè això també molt més aquest aquesta aquests aquestes hi ha hem he
    """,
    "cs": """
        bych bys bychom teď let měl mu no všechny díky velmi dobře nikdy místo je se na že to v
        a jsem jsme jste jsou byl byla bylo byli ale
    """,
    "da": """
        gør nok går igen hele sammen gang nye siden første gøre måske siger altid del uden gerne
        samme tak mellem tilbage tror sidste år dag få får kan kunne når også så på
    """,
    "el": """
        είναι ότι ήταν έχει αλλά αυτό αυτή ή όταν γιατί πολύ όπως μόνο πρέπει μπορεί όχι δύο όλα
        σ είχε τώρα έχουν έχω εγώ κάνει μέχρι εδώ κάτι χωρίς έτσι κάθε αυτά όμως σήμερα ενώ
        υπάρχει είμαι είσαι οποία οποίο ακόμα μαζί τόσο πάντα έχουμε καθώς λίγο ούτε όλοι επίσης
        έχεις πάνω ποτέ μ όπου όσο άλλο έγινε εκεί άλλη υπάρχουν γίνει θέλω μέσω λέει λες μεγάλη
        πολλά δεν και το τα τη την της του των στο στη στην στον με για από που να θα μας σας
        τους
    """,
    "et": """
        ja on ei et see ta ma kui ka oli aga oma mis siis seda ning nii või kes selle mu kuid
        veel ole väga nagu nad me sa te ära juba kas üks mind mulle olen oled oleme olid saab
        pole ainult just nüüd mida neid need teda kus siin seal midagi kõik pärast enne üle alla
        välja läbi sest kuna isegi kunagi jälle pidi peab tema minu sinu meie teie nende
    """,
    "fa": """
        اون اگه باشه چی سه داره کنه واسه دیگه نداره است در به از که این آن را با برای تا یک هم
        می نمی ما من تو او شما بود شد هست نیست خیلی یعنی پس چون چرا
    """,
    "fi": """
        saa pitää tuli pitäisi osa no pois mm tehdä ja on ei se että niin kun myös mutta
    """,
    "ha": """
        da na ya ta a ne ce ba shi su mu ku ni ka yi yana suna cikin don wannan kuma amma ko
        wani wata zai za an ake daga zuwa sai idan har kan
    """,
    "he": """
        יותר ב אחד לך הזה הזאת שלא ה זו זאת שהוא שהיא שזה שאני שהם שיש כדי עוד ולא כמה כבר בכל
        דבר בו בה היו היה היתה הייתה צריך עכשיו אחת הרבה ידי רוצה מאוד שני ביותר לאחר לעשות ל ו
        מ כ לכל אפשר ממש משהו אומר אמר אלא באמת נראה הייתי ואני יודע תמיד במקום האם פשוט אפילו
        וגם לפי עדיין את אני אתה אנחנו הם הן הוא היא זה של על עם לא יש אין גם רק אבל או כי אם מה
        מי איך למה שם פה כאן אז לי לו לה להם שלי שלך שלו שלה שלנו אותו אותה כל אחרי לפני
    """,
    "hi": """
        क्या अब वो हम जी मैं नही रही गए हर बार अगर होगा गई चाहिए कभी दे आ मुझे उन्होंने कम मेरे
        मेरा मेरी सब आपको आपके आपका लिया लिए ले हूँ हूं हमारे हमारा हमारी ऐसा क्यों तुम बारे
        वाली वाला बस अधिक ज्यादा ज़्यादा पास नहीं हैं है था थी थे हो को का की के में से पर ने और
        यह वह ये वे तब जब फिर भी तो ही कि जो यहाँ वहाँ इस उस एक देते कहती कहता कहते रखना जाना
        करना होता होती होते गया रहा रहे
    """,
    "hr": """
        više sad može ima zbog prema kod jedan treba bez mogu oko šta što dok ovo toga gde gdje
        ovaj sada između kad dva pre prije prvi bude ko tko im radi mnogo tri put onda tokom
        uvek uvijek svoju zato dobro ove novi drugi koliko možete puta nekoliko odnosno protiv
        nije nisu sam si smo ste su ne da se na u i a ali ili kao koji koja koje
    """,
    "hu": "es kis i tudom nap szép legjobb biztos és nem hogy is az a",
    "hy": """
        և է են եմ ես էր էին որ մի այս այդ այն իր նա նրա մենք դուք նրանք բայց կամ եթե երբ շատ
        միայն ինչ ով ինչպես թե չէ չի համար մեջ վրա հետ մոտ նաև արդեն հիմա այստեղ այնտեղ բոլոր
    """,
    "id": "ya orang salah kali kau malam kasih gak nggak tidak itu ini sih kok dong",
    "ko": """
        는 은 이 가 을 를 에 의 도 로 과 와 한 그 저 것 수 더 못 안 잘 좀
        왜 뭐 지금 때문 어서 해서 그리고 그래서 하지만 그런데 근데 있다 있는
        있습니다 없다 없는 한다 합니다 됩니다 입니다 이제 정말 진짜 너무 아주 많이
        다시 또 우리 저는 나는
    """,
    "ku": """
        û li ji di ku da bi ev ew ez tu em hûn wan wê wî min te me ne na jî heye nîne bû bûn
        dike dikin ye in ê a yê ya yên çi kî çawa kengê çima lê an eger
    """,
    "la": """
        et in est non ad ut cum sed si quod qui quae ab ex de per nec aut enim autem hoc haec
        ille
    """,
    "lt": """
        į iš yra buvo labai dėl gali jau už jo to būti bus jos jie tačiau daug jų metu daugiau
        čia nėra prieš reikia aš ką tiek būtų dabar visi jį todėl kartą tuo juos kartu kurie jūs
        jūsų mes mūsų kurios šį ją tada gerai jam ten viena visą tam šis du šios tą visus kuo ko
        viskas vėliau visada kad ir ne bet kaip o ar tai su be per po nuo iki apie
    """,
    "lv": """
        kas es nav to tas man ko kad tu vēl ļoti savu tev viņš šo mēs kur visu tās mums tagad
        viņa mūsu viss daudz būtu jūs vairāk jums labi cik kāds tam viņu mani tur varētu visi
        kurš viens šī tie kopā tieši kādu kāpēc viņi jūsu tevi kuru vienmēr pats vairs viena
        vienu vienkārši varbūt kuras šajā vajag visiem neko kura kuri kurā kāda nekad tajā labāk
        viņiem citu nevar un ir ar uz no par bet vai jau ja lai gan
    """,
    "mr": """
        आणि आहे आहेत हे हा ही ते तो ती त्या या मी तू तुम्ही आपण आम्ही आम्हाला मला तुला त्याला
        तिला होते होता होती नाही नाहीत पण किंवा जर तर कारण म्हणून म्हणजे की का काय कसे कधी कुठे
        इथे तिथे आता मग खूप फक्त सुद्धा एक दोन सर्व काही केले केली करून करतो करते करतात झाले
        झाली असे असा अशी असते होईल साठी मध्ये वर खाली पासून पर्यंत
    """,
    "ms": """
        tak awak aku tapi kau nak buat dah jadi dia anda kalau ni tu macam pun kan pergi bila
        kena mak pernah salah memang lama siapa tolong sekali kenapa kamu diri kemudian minta
        nampak ya yang dan di itu ini tidak boleh akan
    """,
    "no": """
        gjør få får gjøre se ser igjen kommer ta tar to fikk alt flere helt går vel jo tror nok
        sier hele kanskje gang sammen vet aldri veldig nye rundt trenger gi bedre første år ikke
        og i jeg det er en et på som av
    """,
    "pl": "wiem chyba masz sie dzięki jesteś nie i w na się że to jest jak ale",
    "ro": """
        și trebuie ani așa fiind parte putea decât vezi făcut atât precum puțin ăsta asta să în
        nu
    """,
    "sk": """
        veľmi vďaka vždy teraz veľa stále ide okrem napríklad dobre je sa na že to v a som sme
        ste sú bol bola bolo boli ale
    """,
    "sl": """
        še ima zaradi zato let gre svoje svojo ampak skupaj mogoče niso najbolj predvsem torej
        druge drugih treba imajo katerih glede ter tem je se na in da ne pa
    """,
    "so": """
        iyo waa in ka ku u oo ah ay uu wuxuu waxay waxaa la si loo lagu ayaa ayay kale laakiin
        hadii ama ma haa maya aan aad waxa sida marka kuwa
    """,
    "sv": """
        vet tror ser hela sen behöver tycker borde nya år få får kan också på när så och att det
        är
    """,
    "sw": """
        na ya wa kwa ni katika la za cha vya hii hiyo huu hilo hizo hao hawa huyo yeye mimi wewe
        sisi ninyi wao si sio hapana ndiyo lakini au kama ili kuwa kutoka hadi sana pia tu bado
        sasa hapa pale huko kila yote wote alikuwa ilikuwa kwamba ambao ambayo
    """,
    "tl": """
        si mo pag lang naman rin upang mas po nang ba kay mag nga pang wala di yung ibang noong
        natin kasi ilang ngunit taong alam nasa i bagay mong akong maraming talaga kayo and
        unang to bagong dalawang itong siyang kang hindi ako ikaw siya kami tayo sila ang ng sa
        na at ay mga ko ka din daw raw dito doon diyan pero kung
    """,
    "tr": """
        büyük yeni mi mı mu mü son yer artık aynı devam fazla yıl içinde şimdi başka karşı
        arasında şekilde genel hemen bugün hakkında küçük geri olacak gelen kabul özel evet
        hayır vardır var yok bir bu ve de da çok ama için
    """,
    "uk": """
        в у на не і й за а та я ти ви ми він вона воно вони його її їх їм їй йому то по ще які
        який яка яке яку яких якщо або мене мені ж же тут там просто с з із зі нас вас ну тому
        дуже може після через хто що щоб щоби як тільки лише можна всі все весь вся ні того
        цього цьому ці цей ця це цю при має мають треба більше чому бо зараз один одна одне щодо
        будь себе тепер о об р проти щось нічого ось сьогодні багато немає нема саме тебе тобі
        тоді між свою своє свій свої два дві нього неї би б добре таке такий така такі від до
        для без під над про крім чи коли де куди звідки був була було були буде будуть буду є
        бути вже також теж навіть хоча поки цих тих нам вам них мій моя моє мої твій наш наша
        наше наші ваш
    """,
    "ur": """
        میں سے کا کو اس نے بھی کر نہیں کیا وہ ان تھا تھی تھے جو جس نہ گیا گئی گئے آپ لیے لئے بعد
        اپنے اپنی اپنا گا گی گے ہم کسی کرنے کرنا کرتا کرتے کرتی یا ساتھ جب دیا دی بات اگر ہونے
        ہوتا ہوتی ہوتے جائے بہت سب کچھ اب رہا رہی رہے لیکن زیادہ وقت پہلے صرف انہوں جاتا جاتی
        اسے بے طرح بن مگر حاصل کہا جا وجہ جن خود اسی تم تمام مجھے اے شامل ہمارے ہماری ہمارا والی
        والا والے سی کم مطابق میرے میرا میری لیا سکتا سکتے سکتی ایسے ایسا غیر پاس ہے ہیں ہو ہوں
        ہوا ہوئی کی کے پر اور یہ کہ تو ہی ایک وہاں یہاں پھر کیوں کیسے کون جیسے تک دو آ دے لے
    """,
    "vi": """
        thể chúng thời ta độ hai cảm thì là mà và của có không được cho với này đó những các một
        người như khi để từ trong ra vào đã đang sẽ rất cũng nên vì nếu thế nào gì tôi bạn mình
        em anh chị ở đây kia vậy còn lại chỉ nhiều hơn
    """,
    "yo": """
        ni ti si fun pe ati ko ba o mo a won yin wa re mi bi ki kii je wi gbogbo naa yii ninu
        lati
    """,
    "zu": """
        ukuthi futhi kodwa noma uma ngoba kanye lokho lokhu leyo laba yena mina wena thina nina
        bona yebo cha manje lapha lapho nje kakhulu wami yami
    """,
}

# Languages without a list there.
_ONLY = {
    "fy": """
        de it in fan en is dat ik do hy sy wy jim net mar of as wat wa wêr hoe by op foar mei ek
        noch
    """,
    "ht": """
        ak nan pou yo li mwen ou nou se te ki pa sa yon la a an lan men oswa si paske kote kijan
        anpil
    """,
    "ig": """
        na nke ya ha anyị gị m ị ọ bụ dị nwere adịghị ma mana ọbụ n' ihe onye ebe mgbe otu niile
    """,
    "ln": """
        na ya ba ye nga yo biso bino bango ezali ezalaki te kasi to soki mpo wapi ndenge mingi
        nyonso
    """,
    "mg": """
        ny sy dia fa ho tsy no izy aho ianao isika izahay ary na raha satria inona iza aiza
        rehefa ahoana
    """,
    "rw": """
        na mu ku ni ya wa cya by'a kandi ariko cyangwa niba kuko iki nde he ryari gute cyane
        byose njye wowe
    """,
    "sn": """
        uye na ku mu pa ne iye ini iwe isu ivo asi kana nokuti chii ani kupi sei zvikuru zvose
        ndi
    """,
    "tk": """
        we bu ol bir men sen biz siz olar bar ýok däl hem diýip üçin emma ýa-da eger sebäbi näme
        kim nirede
    """,
    "xh": """
        kwaye kodwa okanye ukuba kuba ngoba yena mna wena thina bona into ntoni ubani phi nini
        njani kakhulu
    """,
    "am": """
        እና ነው ነበር ናቸው ይህ ያ ይህን እኔ አንተ አንቺ እሱ እሷ እኛ እናንተ እነሱ ግን ወይም ላይ ውስጥ ወደ ከ እንደ ስለ ጋር አለ የለም
        አይደለም ሁሉም ብቻ በጣም አሁን እዚህ እዚያ ምን ማን መቼ የት ለምን እንዴት
    """,
    "as": """
        আৰু এই সেই মই তুমি আপুনি তেওঁ আমি সি তাই কিন্তু বা যদি কাৰণ হয় আছে নাই নহয় কৰি কৰা
        হৈছে হ'ব পৰা বাবে সৈতে মাজত কি কিয় ক'ত কেতিয়া এতিয়া তেতিয়া বহুত এটা এজন
    """,
    "az": """
        və bu o bir də da ki ilə üçün mən sən biz siz onlar var yox deyil amma lakin ya əgər
        çünki nə kim harada niyə necə çox az daha indi sonra əvvəl hər bütün olan oldu olur
        olaraq kimi qədər idi mənim sənin onun bizim ona onu bunu artıq yalnız belə elə
    """,
    "be": """
        і ў у на не што гэта як з за да па ад для але або а ж жа бы б калі дзе хто ён яна яно
        яны я ты мы вы мяне цябе яго яе іх нас вас так таксама ужо яшчэ вельмі толькі тут там
        потым цяпер быў была было былі ёсць няма трэба можна які якая якое якія гэты гэтая той
        усё усе без пра праз пры
    """,
    "cy": """
        y yr a ac yn i o ar am at dros gan heb mae oedd roedd yw ydy fod bod nid ddim na ni fi
        ti ef hi nhw chi ein eich eu fel os pan ond neu hefyd wedi bydd sy sydd beth pwy ble
        pryd sut yma yno hwn hon hynny iawn
    """,
    "gd": """
        a an na is air ann anns tha bha chan cha gu gum do mi thu e i sinn sibh iad seo sin ach
        no ma
    """,
    "is": """
        og í á að er sem til en við af hann um ekki var fyrir með ég eru frá það þar því eða
        eftir hún svo hefur vera þá verið þegar hafa þess úr út upp ef eins nú sé þú fram sér
        hér þeir þetta voru yfir allt hjá mér þeirra einnig vel gera hans þeim getur okkur þó
        sig þau koma okkar inn hvað vegna hafi undir bara fara mjög væri saman fá síðan honum má
        aftur áður enn hvernig líka hafði sama þær milli einn fer mig sínum meira segir ekkert
        mun aðeins eitt þér allir hvort hennar sína alltaf þessi hana mín þín minn hvar hver
    """,
    "ka": """
        და არის რომ ეს ის მე შენ ჩვენ თქვენ ისინი იყო არ არა კი თუ ან მაგრამ რა ვინ სად როდის
        როგორ რატომ ძალიან უფრო ყველა მხოლოდ უკვე კიდევ აქ იქ ახლა მერე რადგან როცა რომელიც ამ
        იმ ჩემი შენი მისი მათი ერთი ორი შესახებ შემდეგ მას მათ უნდა
    """,
    "kk": """
        және бұл ол бір мен сен біз сіз олар бар жоқ емес де да деп үшін бірақ немесе егер
        өйткені не кім қайда қашан қалай неге өте тек қазір сосын барлық болды болады болған еді
        дейін кейін туралы арқылы менің сенің оның біздің оған оны мұны осы сол
    """,
    "kn": """
        ಮತ್ತು ಈ ಆ ಒಂದು ನಾನು ನೀನು ನೀವು ನಾವು ಅವರು ಅವನು ಅವಳು ಅದು ಇದು ಇದೆ ಇಲ್ಲ ಆದರೆ ಅಥವಾ ಎಂದು ಎಂಬ
        ಏನು ಯಾರು ಎಲ್ಲಿ ಯಾವಾಗ ಹೇಗೆ ಏಕೆ ತುಂಬಾ ಹೆಚ್ಚು ಎಲ್ಲಾ ಎಲ್ಲ ಮಾತ್ರ ಈಗ ಇಲ್ಲಿ ಅಲ್ಲಿ ನಂತರ ಮೊದಲು ಆಗ
        ಹಾಗೂ ಕೂಡ ನನ್ನ ನಿಮ್ಮ ನಮ್ಮ ಅವರ ಅದರ ಇವು ಅವು ಇರುವ ಆಗಿದೆ ಮಾಡಿ ಹಾಗೆ ಬಗ್ಗೆ ಮೇಲೆ ಒಳಗೆ
    """,
    "ky": """
        жана бул ал бир мен сен биз сиз алар бар жок эмес да де деп үчүн бирок же эгер анткени
        эмне ким кайда качан кандай эмнеге абдан эң эле азыр кийин бардык болду болот болгон
        чейин жөнүндө
    """,
    "lb": """
        an a de den d' dat dass ass sinn war hunn huet ech du hien si mir dir net mat op fir vun
        vum zu zum ze um och awer oder wann wéi wou wat wien well nach nëmmen elo do hei eng en
        e dee déi dës säin hir eis
    """,
    "mi": """
        te ngā ki i o a ko he ka kua e ana me mō nō tēnei tēnā ia au koe rātou mātou kāore
        engari rā
    """,
    "mk": """
        на и во да се од за е со не го ќе што дека ги како ја тоа а кој кои си по ми до ти многу
        но или само има кога беше сите тој ако така може која ова јас еден нема сум биде му
        треба повеќе уште пред им тие ме па една сега каде овој ни дали оваа таа те дел без би
        ви исто кај додека некој ние кон поради зошто други некои овие затоа нешто веќе имаат
        колку сакам сме преку толку бидејќи мене неколку околу бил сте вие нив тогаш ама добро
        значи тебе неговата него ништо тука денес она оние својата знам малку никогаш своите нас
    """,
    "ml": """
        ഈ ആ ഒരു ഞാൻ നീ നിങ്ങൾ നമ്മൾ ഞങ്ങൾ അവർ അവൻ അവൾ അത് ഇത് അതു ഇതു ആണ് അല്ല ഇല്ല ഉണ്ട് എന്ന്
        എന്ന എന്നാൽ പക്ഷേ അല്ലെങ്കിൽ കൂടെ വളരെ എല്ലാ എല്ലാം മാത്രം ഇപ്പോൾ ഇവിടെ അവിടെ പിന്നെ
        എന്ത് ആര് എവിടെ എപ്പോൾ എങ്ങനെ എന്തുകൊണ്ട് കൊണ്ട് വേണ്ടി മുതൽ വരെ പോലെ തന്നെ എന്റെ
        നിങ്ങളുടെ അവരുടെ അതിന്റെ ആയി ആയിരുന്നു ചെയ്ത ചെയ്യുന്നു കൂടി മറ്റ്
    """,
    "mn": """
        ба бол нь энэ тэр би чи бид та тэд байна байсан биш үгүй юм гэж гэсэн ч бас эсвэл хэрэв
        учир юу хэн хаана хэзээ яаж яагаад маш их бүх зөвхөн одоо дараа өмнө болон мөн байгаа
        болсон
    """,
    "mt": """
        u il l- ta' fi f' ma' li hija huwa mhux kien kienet jien int aħna dawn din dan biss minn
        għal
    """,
    "ne": """
        र छ छन् हो यो त्यो म तपाईं हामी उनी उनीहरू थियो थिए छैन होइन पनि तर वा यदि किनभने को का
        की ले लाई मा बाट देखि सम्म सँग लागि के किन कहाँ कहिले कसरी धेरै सबै मात्र अब यहाँ त्यहाँ
        पछि अघि गर्न गरेको भएको हुन्छ भने भन्ने एक यस त्यस मेरो हाम्रो तिम्रो उसको जस्तो नै
    """,
    "or": """
        ଏବଂ ଓ ଏହି ସେହି ମୁଁ ତୁମେ ଆପଣ ଆମେ ସେ ସେମାନେ କିନ୍ତୁ କିମ୍ବା ଯଦି କାରଣ ଅଛି ନାହିଁ ନୁହେଁ ହୁଏ ହେବ
        ଥିଲା କରି ପାଇଁ ସହ ସହିତ କଣ କାହିଁକି କେଉଁଠି କେବେ କିପରି ବହୁତ ସବୁ ଏଠାରେ ସେଠାରେ ଏବେ ଗୋଟିଏ
    """,
    "pa": """
        ਅਤੇ ਤੇ ਹੈ ਹਨ ਸੀ ਸਨ ਦਾ ਦੇ ਦੀ ਦੀਆਂ ਨੂੰ ਨੇ ਵਿੱਚ ਵਿਚ ਤੋਂ ਨਾਲ ਲਈ ਇਹ ਉਹ ਮੈਂ ਤੂੰ ਤੁਸੀਂ ਅਸੀਂ ਇਸ
        ਉਸ ਕਿ ਜੋ ਨਹੀਂ ਨਾ ਵੀ ਹੀ ਪਰ ਜਾਂ ਜੇ ਕਿਉਂਕਿ ਕੀ ਕੌਣ ਕਿੱਥੇ ਕਦੋਂ ਕਿਵੇਂ ਬਹੁਤ ਸਾਰੇ ਸਿਰਫ਼ ਹੁਣ ਇੱਥੇ
        ਉੱਥੇ ਫਿਰ ਇੱਕ ਇਕ ਕਰ ਕੇ ਹੋ ਗਿਆ ਗਈ ਰਿਹਾ ਰਹੀ ਹੁੰਦਾ ਹੁੰਦੀ ਮੇਰਾ ਮੇਰੀ ਮੇਰੇ ਸਾਡਾ ਸਾਡੇ ਤੁਹਾਡੇ
        ਆਪਣੇ ਕੁਝ ਜਦੋਂ ਤਾਂ
    """,
    "ps": """
        او د په چې دا دی ده دي يې یې له سره ته نه هم خو که یا هغه هغې زه موږ تاسو دوی و وو کې
        باندې لپاره څه څوک چیرته کله څنګه ولې ډېر ډیر ټول یوازې اوس دلته هلته یو کړي کوي شي شو
    """,
    "sd": """
        ۽ جو جي جا جون کي ۾ تي سان لاءِ مان تون اسان توهان هو هي اهو نه آهي آهن هئي پر يا جيڪو
        ته به
    """,
    "si": """
        සහ හා මේ ඒ මම ඔබ අපි ඔහු ඇය ඔවුන් එය එක ඇත නැත නැහැ වේ විය නමුත් හෝ නම් නිසා කියා කියලා
        කුමක්ද කවුද කොහෙද ඇයි කොහොමද ඉතා සියලු පමණක් දැන් මෙහි එහි පසු පෙර සඳහා සිට දක්වා සමග
        වගේ මගේ ඔබේ අපේ ඔවුන්ගේ ගැන
    """,
    "sq": """
        dhe të në e i një me për nga që është janë ishte ishin nuk s' do ka kam kemi kanë më unë
        ti ai ajo ne ju ata ato këtë ky kjo këto por ose nëse sepse kur ku kush çfarë si pse
        shumë gjithë vetëm tani këtu atje pastaj edhe pa deri mbi nën se u tek sa im jonë
    """,
    "ta": """
        ஒரு இந்த மற்றும் என்ற நான் தான் என்று இது அந்த உள்ள என் பல அது வேண்டும் என்பது இருக்கும்
        இருந்து இல்லை என அவர் என்ன சில போது மேலும் அல்லது உள்ளது தனது மூலம் ஆனால் போன்ற கொண்டு
        வரும் வரை அதன் நாம் எந்த எனக்கு கூட வந்து என்றும் மட்டும் அவன் அவள் அவர்கள் உங்கள் ஆம்
        போல அதை அவரது மட்டுமே மிகவும் இன்னும் கொண்ட பின்னர் எப்படி இருந்தது எல்லாம் விட்டு பற்றி
        மீது தன் இதில் ஒன்று நீங்கள் பிறகு இருந்த செய்ய நம் என்றால் ஒரே ஏன் இருக்க செய்து இவர்
        என்னை நீ இதன் இப்படி சரி மீண்டும் ஒவ்வொரு ஆகிய மிக விட அனைத்து போல் வைத்து அதே இங்கு
        அங்கு இதனால் நாங்கள் இப்போது அப்போது
    """,
    "te": """
        మరియు ఈ ఆ ఒక నేను నువ్వు మీరు మేము మనం వారు అతను ఆమె అది ఇది ఉంది ఉన్నాయి ఉన్నారు లేదు
        కాదు కానీ లేదా అని అనే ఏమి ఎవరు ఎక్కడ ఎప్పుడు ఎలా ఎందుకు చాలా అన్ని మాత్రమే ఇప్పుడు
        ఇక్కడ అక్కడ తర్వాత ముందు కూడా నా మీ మా మన వారి దాని కోసం నుండి నుంచి వరకు తో లో పై కి
        గురించి అయితే ఎందుకంటే అప్పుడు చేసి చేయడం అవుతుంది
    """,
    "tg": """
        ва дар ба аз ки ин он бо барои то як ҳам ман ту ӯ мо шумо онҳо буд аст ҳаст нест не аммо
        ё агар зеро чӣ кӣ куҷо кай чаро хеле ҳама фақат ҳоло пас баъд
    """,
    "tt": """
        һәм бу ул бер мин син без сез алар бар юк түгел да дә та тә дип өчен ләкин яки әгәр
        чөнки нәрсә кем
    """,
    "uz": """
        va bu u bir men sen biz siz ular bor yo'q emas ham deb uchun lekin yoki agar chunki nima
        kim qayerda qachon qanday nega juda faqat hozir keyin hamma barcha bo'ldi bo'ladi
        bo'lgan edi bilan kabi haqida dan ga ning ni shu o'sha mening sizning uning
    """,
    "yi": """
        און די דער דאָס דעם איז זענען געווען ניט נישט איך דו ער זי מיר איר זיי אין אויף פון צו
        מיט פאַר אָבער אָדער אויב ווייל ווען וואו וואָס ווער ווי אויך נאָר שוין דאָ דאָרט זייער
        אַ אַן האָט האָבן
    """,
}

# A close relative's words are better than none.
_RELATIVES = {
    "bs": "hr",
    "sr": "hr",
    "nn": "no",
    "fo": "is",
    "ba": "tt",
    "su": "id",
    "jv": "id",
    "fy": "nl",
    "oc": "ca",
    "sa": "hi",
}
# Serbian is written in both scripts.
_CYRILLIC = dict(
    zip(
        "abvgdđežzijklmnoprstćufhcčš",
        "абвгдђежзијклмнопрстћуфхцчш",
        strict=True,
    )
)


def _in_cyrillic(word: str) -> str:
    for latin, cyrillic in (("lj", "љ"), ("nj", "њ"), ("dž", "џ")):
        word = word.replace(latin, cyrillic)
    return "".join(_CYRILLIC.get(char, char) for char in word)


def _lists() -> dict[str, frozenset[str]]:
    lists = {
        language: frozenset(listed.split())
        for language, listed in (*_ONLY.items(), *_MORE.items())
        if listed
    }
    lists["sr"] = lists["hr"] | frozenset(map(_in_cyrillic, lists["hr"]))
    for language, relative in _RELATIVES.items():
        if language not in lists:
            lists[language] = lists.get(relative, frozenset())
    return {language: words for language, words in lists.items() if words}


FUNCTION_WORDS = _lists()
RELATIVES = _RELATIVES
