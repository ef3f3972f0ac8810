"""Words that are frequent in every talk and so say nothing about one, beyond the usual stop words.

English: the words that occur in most kinds of speech of the training corpus (speeches, press
conferences, meetings, radio, prose), sorted by hand. The other languages: written by hand from what
people say while they think.
"""

from __future__ import annotations


def words(text: str) -> frozenset[str]:
    """Return the words of a list written as running text."""
    return frozenset(text.split())


# Verbs, adverbs and fillers: they end a phrase.
_EMPTY = {
    "en": """
    absolutely bit accept achieve add added afford agree agreed allow allowed alright answer
    answered appear appeared apparently argue assume avoid basically bear begin behave bother bought
    bring bringing broke broken brought build built called calling care carefully carry catch caught
    changed changing check choose cetera clearly click close closely comes coming completely
    continue continued continues continuing correct correctly cover create created crazy cuz dealing
    decide decided depend depending depends determine develop difficult directly discuss discussed
    draw drive easier easily easy effectively ended enjoy ensure entire entirely essentially
    eventually exactly exist expect expected explain extremely faced fail fairly fall fast feel
    feeling feels fell fetch figure figured fine finish finished fit flat focus focused follow
    forget forgot frankly funny gain gained gonna gotta grab gradually grew grow growing guess guys
    guy hang happen happened happening happy hard hate hear heard heavily helped helping helps here
    highly hit hmm hold holding honest honestly hope hoping huge huh hurt imagine impossible include
    included includes increase increased instead involved join joined jump keeping kinda knew
    knowing lead leading learn learned leave leaving led lets listen listening literally live lived
    living looked lose lost lot lots love loved manage matter maybe mean meant meet mention
    mentioned met mm moved moving nah nice noted notice noticed nowadays obvious offer okay open
    opened operate passed pay paying perfect perfectly pick picked plain play played playing pretty
    prevent prove provide pull push putting quick raise raised ran reach reached react read reading
    ready receive received recommend reduce refer reflect relate remain remains remember remind
    remove repeat reported require required respond rise roughly run running sat sell send sent
    serve set setting shut sit sitting slow slowly sold somebody someone sounds speak speaking spend
    spending spent spoke spread stand standing start started starting starts stay stayed stick stop
    stopped straight strong stuff suggest suggested super suppose supposed surely takes talk talked
    talking talks taught teach telling tend throw tied till told totally touch tough track train
    tried trust twice uh uhm ultimately understand understood waited wait waiting walk walked wanna
    watch watched watching wear weird whatsoever win woke wonder wondering wore worried worry worse
    worst worth write writing wrong wrote yeah yep yesterday tonight tomorrow morning afternoon
    evening ago bye welcome hey hi hello folks ladies gentlemen everybody awesome cool amazing
    interesting definitely probably obviously gone giving gets makes ask asking buy eat ate drink
    sleep kill killed die died born hand hands forward backward somehow anyway y'all dr mr mrs ms
    damn fuck fucking shit hell god gosh wow ah oh ooh aha mhm hm er erm um quote unquote slash dot
    good better best great big small little bad fun sure dude man bro
    """,
    "de": """
    ach aha ähm äh also ansonsten bisschen bißchen bisher bitte bloß bzw da dafür dagegen daher
    dahin damals danach dann daran darauf daraus darin darüber darum davon davor dazu denke denken
    dinge ding drauf drin eben echt ehrlich eigentlich einfach einmal einzige endlich erstmal
    eventuell fand finde finden findet fragen funktioniert ganz gar gebracht gedacht gefunden
    gegeben gehört gekommen gelaufen gemacht genau genauso genommen gerade gern gerne geschaut
    gesehen gesagt gesprochen gestern gewesen gewisse glaub glaube glauben gleich gucken guckt gut
    gute guten guter halt hallo heißt heute hin hinten hm hmm hört ich immer insofern irgend
    irgendein irgendeine irgendwann irgendwas irgendwelche irgendwie irgendwo ja jedenfalls jetzt
    klar komme kommen kommt komplett kriegen kriegt lassen läuft letztendlich leute liegt macht
    mache machen mal manchmal meine meinst meint mehr meistens merkt mhm möchte morgen muss nächste
    natürlich ne nee nein nehmen nimmt nochmal nö oh ok okay passiert quasi raus reden redet rein
    relativ richtig rüber runter sag sage sagen sagt sache sachen schauen schaut schon schön schöne
    sehe sehen sehr sieht sogar sozusagen spannend sprechen spricht stehen steht stimmt super
    tatsächlich total tschüss tue tun tut überhaupt ungefähr unbedingt verstehe verstehen vielleicht
    völlig vor vorhin vorne wahnsinnig warum weiß weißt wenig wieder wirklich wissen witzig wohl
    wollen wunderbar ziemlich zumindest zusammen gibt gab geben geht ging gehen hätte hätten würde
    würden wäre wären könnte könnten sollte sollten müsste müssten habe haben hat hatte hatten bin
    bist ist sind war waren wird werden wurde wurden kann können konnte will wollte soll darf dürfen
    mag letzte letzten ersten erste zweite zweiten dritte eins zwei drei vier fünf sechs sieben acht
    neun zehn hundert tausend viel viele vielen anderen andere anderes anderer ganze ganzen gleichen
    bestimmte bestimmten beispiel beispielsweise willkommen herzlich danke dank hören spielt bleibt
    bleiben lange lang kurz drum herum hinaus weiter weitere weiteren dabei dort wichtig interessant
    großen große großer kleine kleinen neuen neue neues naja
    """,
    "fr": """
    ah alors après aussi ben bah bon bien bonjour ça carrément cela chose choses clairement
    complètement comme coup crois croire déjà dire dis dit donc effectivement enfin ensuite est euh
    évidemment exactement façon faire fait faut finalement forcément franchement gens genre hein
    histoire hyper juste justement là merci mettre moins monde non notamment où oui ouais par parce
    parler parle passe peu peut plein plus plutôt pouvoir prendre quand quoi rien sais savoir sens
    simplement sûr super surtout tellement temps toujours toute toutes tout tous train très trop
    trouve truc trucs vachement vais va vas vient vois voir voilà vraiment veux veut viens voulez
    petit petite petits grand grande grands jour jours fois moment côté aujourd'hui hui
    """,
    "es": """
    ahora ahí algo así bien bueno buenas buenos buen cada casi claro como cosa cosas creo creer cual
    cuando dar decía decir dice dicen digamos digo días dijo ejemplo entonces eso está están estar
    este esto evidentemente exactamente forma fue gente gracias gran hace hacer haciendo hago hay
    hecho hola igual incluso justo lado luego lugar manera mira mismo momento mucho muchos muy nada
    obviamente ok parece parte pasa pasar pensar pero poco poder pone poner porque puede pueden pues
    puedo quiero quiere realmente sabe saber sabes sé sea sí siempre simplemente sino solo tal
    también tan tanto tema tener tenemos tengo tiempo tiene tienen tipo toda todo todos total
    trabajo va vale vamos van veces ver verdad vez voy ya
    """,
    "it": """
    ah allora anche ancora appunto avere bella bello bene beh ciao cioè cose cosa così credo dai
    dice dire diciamo dico dopo dunque ecco effettivamente esattamente esempio essere fa faccio far
    fare fatto forse già gente giusto grande grazie guarda insomma magari meno mentre modo molto
    momento niente nulla ok ora parlare parte penso perché però piccola più po poco poi possiamo
    praticamente prima proprio può qualche qualcosa quasi quindi sapere senso sempre sì sicuramente
    solo sostanzialmente tanto tempo tipo trovare tutta tutte tutti tutto va vabbè vado vedere viene
    veramente vero volta volte vuole vuol
    """,
    "nl": """
    aan al alle allemaal alleen allen als altijd andere beetje ben best bij bijvoorbeeld daar daarom
    dan denk denken dingen ding doen doet dus echt een eens eerste eigenlijk elkaar even gaan gaat
    gaf geen geef gek geven gewoon goed goede graag haar heb hebben heeft heel hele helemaal hier
    hoe hoor ik inderdaad ja je jij jullie kan kijk kijken klopt kom komen komt kunnen laat laten
    leuk maar maken maakt man mee meer mensen met misschien moet moeten mooi naar natuurlijk nee
    niet niks nog nou nu ok oké ook over precies snap soms staat steeds terug toch toen tuurlijk uh
    uhm van veel verder volgens vind vinden voor waar waarom want was wat weer weet weten wel welkom
    werd wil willen worden wordt zeg zeggen zegt zei zelf zeker zien ziet zijn zo zou
    """,
    "pt": """
    acho agora aí ainda algo alguma algum assim até bem bom boa cada cara claro coisa coisas como
    daí dar deixa depois dia disse dizer então era está estava estou falar falando faz fazer fazendo
    fica ficar fiz foi forma gente gosto hoje isso já jeito lá legal lugar mais mas mesmo momento
    muita muito né nada negócio nossa obrigado olha ok onde parte pessoa pessoas pode poder porque
    pouco pra pro quando quer quero realmente sabe saber sei sempre ser sim só tá também tava tem
    tempo tenho ter tipo toda todo todos tudo uai vai vamos ver vez vezes você vocês vou
    """,
}

_EMPTY["zh"] = """
    问题 里面 东西 事情 时候 地方 感觉 情况 方面 意思 觉得 知道 其实 现在 应该 可能
    比较 非常 一样 一下 一点 包括 出来 起来 下来 过来 过去 进行 开始 看到 大家 朋友
    听友 今天 昨天 明天 节目 直接 特别 当时 后来 最后
    """
_EMPTY["ja"] = """
    視聴 清聴 今日 明日 昨日 今回 自分 本当 感じ 時間 最初 最後 次回 動画 配信 皆 方
    気 人 事 時 的 何 絶対 全然 普通 多分 一番 結構 一緒 マジ ダメ ホント
    """

# Nouns and adjectives too general to stand alone; within a phrase they may ("interest rate").
_WIDE = {
    "en": """
    ability account action actions actual addition additional afternoon amount answer approach area
    average background basic basis beginning benefit body book books bottom boy boys brother
    building business call car case center chance change changes child children choice city class
    close common company companies complete concern control cost costs country countries couple
    course critical current cut data date day days deal decade decades decision degree detail
    details difference different direction discussion door earlier early effect effects effort end
    energy event events example exercise experience eye eyes face fact factor factors fair family
    father feature feet field figures final fire floor food force form free friend friends full
    function fund future game games girl girls goal goals government group groups growth guests half
    head heart history hole home hour hours house idea ideas image impact human humans important
    individual individuals industry inside interest internet issue issues item items job jobs key
    kid kids knowledge language late level levels life light limit line list lives local long loss
    major management market material meaning media meeting member men message method middle mind
    minute minutes mission model moment moments money month months mother move name national nature
    need needs new news night normal note number numbers office older opinion opportunity option
    options order page pair paper past path pattern people percent perfect performance period person
    personal perspective phone picture piece pieces place plan plans point points position positive
    power practice present president pressure previous price problem problems process product
    products program progress project projects public purpose quality question questions rate rates
    reaction real reason reasons record regular relationship report research resource respect
    response responsibility rest result results return right risk road role room rule rules school
    score screen second sense series service services share short show side sign significant similar
    simple single situation situations size skill skills small social society son sort space special
    specific speed stage standard state states step steps story stories street structure student
    students style subject success system systems table target task team technology term terms test
    text thing things thinking thought thoughts time times title today tool tools top topic topics
    total town type types use user users value values version video view views voice war water way
    ways wall week weekend weeks white wide wife window woman women word words work worker world
    year years young episode podcast listeners segment conversation interview host audience sponsor
    extent information
    """,
    "de": """
    episode grunde zitat abend anfang art augen bereich beziehung bild buch ende ergebnis fall fälle
    folge folgen form frage frau frauen freund freunde freundin geld geschichte gefühl gespräch
    grund gruppe hand hause herren idee jahr jahre jahren jahres kind kinder kopf land leben leuten
    mann männer mensch menschen minute minuten moment monat monate monaten mutter möglichkeit nacht
    name namen nummer ort person personen platz podcast problem probleme prozent punkt punkte recht
    rest richtung rolle sachen satz schluss schritt schule seite sekunden sendung situation sinn
    stadt stelle stück stunde stunden tag tage tagen teil team thema themen tür typ uhr unterschied
    vater video weg welt weise woche wochen wort worte zahl zeit zeiten ziel zukunft zusammenhang
    """,
    "fr": """
    an ans année années cas côté début émission enfant enfants époque exemple façon femme femmes fin
    heure heures homme hommes idée jour jours lieu livre mois monde nom part partie pays personne
    personnes petit place point problème question questions semaine soir sujet travail vie ville
    """,
    "es": """
    año años caso casos ciudad día días ejemplo episodio final forma gente grupo historia hombre
    hombres hora horas idea lado libro lugar mes meses mujer mujeres mundo niños nombre noche país
    parte persona personas problema pregunta punto semana tema temas tiempo trabajo vida
    """,
    "it": """
    anni anno casa caso città donna donne esempio fine giorni giorno idea libro mese mesi mondo nome
    ora ore paese parte persona persone problema punto ragazzi settimana storia tema tempo uomini
    uomo vita volta lavoro domanda
    """,
    "nl": """
    avond boek dag dagen deel dingen gevoel huis jaar jaren keer kind kinderen land leven maand man
    mannen manier mens mensen minuten moment naam nacht plaats probleem punt stad stuk tijd uur
    verhaal vraag vragen vrouw vrouwen week weken werk wereld woord
    """,
    "pt": """
    ano anos caso casa cidade dia dias exemplo fim hora horas ideia lado livro lugar mês meses
    momento mulher mundo noite nome país parte pergunta pessoa pessoas ponto problema questão semana
    tempo trabalho vez vida homem
    """,
}

# Words on the public list of stop words that often are the topic of a talk.
KEPT = {
    "en": words(
        "computer fire invention microsoft research system test website web homepage index html"
        " group information"
    )
}

EMPTY = {code: words(listed) for code, listed in _EMPTY.items()}
WIDE = {code: words(listed) for code, listed in _WIDE.items()}

# Words that may stand inside a phrase: "Bank of England", "bidding for the contract".
LINKS = {
    "en": words("of and for the"),
    "de": words("der die das des den dem und für von vom im am in zu zur zum"),
    "fr": words("de du des la le les l d et à au aux en sur pour"),
    "es": words("de del la el las los y en para"),
    "it": words("di del della dello dei degli delle la il e in per"),
    "pt": words("de do da dos das e em para no na"),
    "nl": words("van de het der en voor in"),
    "ca": words("de del dels la el les els i en per d l"),
}

# The word for "and".
AND = {
    "en": "and",
    "de": "und",
    "fr": "et",
    "es": "y",
    "it": "e",
    "pt": "e",
    "nl": "en",
    "ca": "i",
}

# Articles among the links: they do not follow a content word directly ("winter the colony").
ARTICLES = words("the la le les l el los las il els het")
