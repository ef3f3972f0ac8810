"""Word lists for cleaning: sounds, closing lines and hesitations, by language where it matters.

Everything is in lower case. A tag counts only if all its words are listed and one names a sound.
"""

from __future__ import annotations

import re

from engine.text.letters import folded


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _lines(text: str) -> frozenset[str]:
    lines = (" ".join(folded(line).replace(",", "").split()) for line in text.splitlines())
    return frozenset(line for line in lines if line)


# Words that name a sound; in brackets they are a tag.
SOUNDS = _words(
    """
    music musik hintergrundmusik musique música musica muziek muzyka müzik музыка музика מוזיקה
    موسيقى संगीत 音楽 音乐 音樂 음악 musikk hudba zene muzică musiikkia
    applause applaudissements applaus aplausos applausi aplaus aplauze oklaski alkış аплодисменты
    оплески תשואות تصفيق तालियाँ 拍手 掌声 鼓掌 박수 potlesk
    laughter laughs laughing laugh chuckles chuckling chuckle giggles giggling lachen
    gelächter lacht
    rires rire risas risa risos risate gelach śmiech gülme kahkaha смех сміх צחוק ضحك हँसी 笑 笑い
    笑声 笑聲 웃음 skratt smích cheering cheers jubel
    silence stille silencio silenzio silêncio stilte cisza sessizlik тишина blank blank_audio
    noise noises static beep beeping beeps bleep ringing rings typing clicking clicks click buzzing
    humming hums whistling whistles coughs coughing cough hustet sighs sighing sigh sneezes
    sneezing sniffles sniffs snoring gasps gasping panting breathing inhales exhales grunts groans
    throat buzzes screaming screams shouting crying sobbing barking meowing chirping
    footsteps thunder
    explosion gunshot gunshots gunfire siren sirens alarm bell bells chime chimes drumroll singing
    sings whispering whispers chatter murmuring chattering burps yawns rustling crackling thud
    whoosh swoosh indistinct foreign speaker_turn turn
    """
)

# Those of them that say that there is music, or that somebody sings.
MUSIC = _words(
    """
    music musik hintergrundmusik musique música musica muziek muzyka müzik музыка музика מוזיקה
    موسيقى संगीत 音楽 音乐 音樂 음악 musikk hudba zene muzică musiikkia
    singing sings humming drumroll
    """
)

# Words that may stand beside a sound in a tag.
SOUND_MODIFIERS = _words(
    """
    a an the and in of on with playing plays continues continuing ends stops starts begins fades out
    upbeat soft gentle dramatic tense ominous intense cheerful happy sad slow fast loud quiet calm
    light heavy deep bright eerie mysterious suspenseful electronic electric acoustic classical jazz
    rock pop piano guitar orchestral instrumental theme intro outro opening closing background
    ambient audience crowd people man woman men women child children baby both all speaker audio no
    speech language speaking speaks distant phone telephone door keyboard mouse dog dogs cat cats
    bird birds car engine rain wind water air horn clears clearing faint faintly softly loudly long
    short beat beating drum drums end de der die das la le les leise laute publikum hintergrund
    """
)

# Closing lines to an audience, which Whisper invents in silence; only whole segments count. What
# people say to each other ("Thank you.", "Bye.") is not listed.
THANKS = _lines(
    """
    thanks for watching
    thank you for watching
    thank you so much for watching
    thank you very much for watching
    thanks for watching and see you next time
    thanks for listening
    thank you for listening
    please subscribe
    please subscribe to my channel
    subscribe to my channel
    like and subscribe
    don't forget to subscribe
    don't forget to like and subscribe
    see you in the next video
    i'll see you in the next video
    vielen dank fürs zuschauen
    vielen dank für's zuschauen
    danke fürs zuschauen
    danke fürs zuhören
    vielen dank fürs zuhören
    merci d'avoir regardé cette vidéo
    merci d'avoir regardé la vidéo
    merci d'avoir regardé
    gracias por ver
    gracias por ver el video
    gracias por ver el vídeo
    obrigado por assistir
    grazie per la visione
    grazie per aver guardato il video
    bedankt voor het kijken
    dziękuję za obejrzenie
    спасибо за просмотр
    продолжение следует
    дякую за перегляд
    izlediğiniz için teşekkürler
    gràcies per veure el vídeo
    תודה על הצפייה
    شكرا على المشاهدة
    ご視聴ありがとうございました
    ご清聴ありがとうございました
    チャンネル登録をお願いします
    チャンネル登録よろしくお願いします
    最後までご視聴いただきありがとうございます
    谢谢观看
    謝謝觀看
    感谢观看
    请不吝点赞订阅转发打赏支持明镜与点点栏目
    시청해주셔서 감사합니다
    시청해 주셔서 감사합니다
    시청해주신 여러분 감사합니다
    영상 시청해주셔서 감사합니다
    구독과 좋아요 부탁드립니다
    구독과 좋아요 부탁드려요
    구독 좋아요 부탁드립니다
    다음 영상에서 만나요
    다음 영상에서 뵙겠습니다
    다음 시간에 만나요
    次の動画でお会いしましょう
    次回の動画でお会いしましょう
    また次の動画でお会いしましょう
    それではまた次の動画でお会いしましょう
    高評価とチャンネル登録をお願いします
    チャンネル登録と高評価をお願いします
    チャンネル登録お願いします
    ご視聴ありがとうございます
    最後までご視聴ありがとうございました
    下期再见
    我们下期再见
    感谢收看
    感謝觀看
    谢谢大家观看
    请订阅我的频道
    記得訂閱按讚
    اشتركوا في القناة
    اشترك في القناة
    لا تنسوا الاشتراك في القناة
    لا تنسى الاشتراك في القناة
    شكرا للمشاهدة
    شكراً للمشاهدة
    شكراً على المشاهدة
    شكرا لكم على المشاهدة
    شكرا لحسن المتابعة
    با تشکر از تماشای شما
    ممنون از تماشای شما
    دیکھنے کا شکریہ
    abone olmayı unutmayın
    abone olmayı unutmayınız
    kanalıma abone olmayı unutmayın
    kanala abone olmayı unutmayın
    beğenmeyi ve abone olmayı unutmayın
    lütfen abone olun
    izlediğiniz için teşekkür ederim
    izlediğiniz için teşekkür ederiz
    bir sonraki videoda görüşmek üzere
    takk for at du så på
    takk for at dere så på
    takk for at du så med
    takk for at dere så med
    takk for at dere ser på
    husk å abonnere
    tak fordi du så med
    tak fordi i så med
    tak for at i så med
    tak for at du så med
    husk at abonnere
    tack för att du tittade
    tack för att ni tittade
    tack för att ni har tittat
    tack för att du har tittat
    glöm inte att prenumerera
    kiitos kun katsoit
    kiitos kun katsoitte
    kiitos katsomisesta
    kiitos että katsoitte
    cảm ơn các bạn đã theo dõi
    cảm ơn các bạn đã xem
    cảm ơn các bạn đã theo dõi và hẹn gặp lại
    cảm ơn các bạn đã xem video
    hẹn gặp lại các bạn trong những video tiếp theo
    hẹn gặp lại các bạn trong video tiếp theo
    hãy đăng ký kênh để không bỏ lỡ những video hấp dẫn
    hãy subscribe cho kênh để không bỏ lỡ những video hấp dẫn
    đừng quên đăng ký kênh
    các bạn hãy đăng ký kênh để ủng hộ kênh của mình nhé
    terima kasih telah menonton
    terima kasih sudah menonton
    terima kasih kerana menonton
    jangan lupa like dan subscribe
    jangan lupa subscribe
    देखने के लिए धन्यवाद
    वीडियो देखने के लिए धन्यवाद
    चैनल को सब्सक्राइब करें
    দেখার জন্য ধন্যবাদ
    பார்த்ததற்கு நன்றி
    ขอบคุณที่รับชม
    ขอบคุณสำหรับการรับชม
    โปรดติดตามตอนต่อไป
    ευχαριστώ που παρακολουθήσατε
    ευχαριστούμε που παρακολουθήσατε
    ευχαριστώ για την παρακολούθηση
    köszönöm, hogy megnézted
    köszönöm, hogy megnéztétek
    köszönjük, hogy megnézte
    köszönöm hogy megnézted
    köszönöm a figyelmet és iratkozz fel
    iratkozz fel a csatornára
    děkuji za sledování
    děkujeme za sledování
    děkuji za zhlédnutí
    ďakujem za sledovanie
    ďakujem za pozeranie
    hvala za gledanje
    hvala na gledanju
    хвала што пратите
    hvala što pratite
    mulțumesc pentru vizionare
    vă mulțumesc pentru vizionare
    vă mulțumim pentru vizionare
    mulțumim pentru vizionare
    nu uitați să vă abonați
    nu uitați să dați like
    благодаря за гледането
    благодаря ви за гледането
    дякуємо за перегляд
    підписуйтесь на канал
    підписуйтеся на канал
    підпишіться на канал
    подписывайтесь на канал
    подписывайтесь на мой канал
    не забудьте подписаться на канал
    ставьте лайки и подписывайтесь на канал
    до встречи в следующем видео
    dzięki za oglądanie
    dziękuję za oglądanie
    dziękujemy za oglądanie
    dziękuję za uwagę i zapraszam do subskrypcji
    zapraszam do subskrypcji
    do zobaczenia w następnym odcinku
    abonnieren nicht vergessen
    vergesst nicht zu abonnieren
    bis zum nächsten video
    n'oubliez pas de vous abonner
    abonnez-vous à la chaîne
    à la prochaine vidéo
    suscríbete al canal
    suscríbanse al canal
    no olvides suscribirte
    nos vemos en el próximo video
    inscreva-se no canal
    não se esqueça de se inscrever
    iscriviti al canale
    iscrivetevi al canale
    vergeet niet te abonneren
    bedankt voor het kijken naar deze video
    subscriu-te al canal
    """
)

# Credits of subtitle writers and broadcasters, which Whisper learnt from subtitles.
CREDITS = re.compile(
    r"amara\.org|untertitel(?:ung)?\b.*\b(?:zdf|ard|wdr|swr|ndr|br|mdr|orf|funk|stephanie|von)\b"
    r"|^copyright (?:wdr|swr|ndr|ard|zdf|orf|br)\b|^(?:swr|wdr|ndr|ard|zdf) (?:19|20)\d\d$"
    r"|^sous-titr(?:es|age)\b.*(?:société radio-canada|st' ?501|réalisé)|sous-titreur\.com"
    r"|^(?:ondertitel(?:ing|d)|sottotitoli|subtítulos|legendas|napisy|субтитры|titulky)\b.*"
    r"\b(?:door|by|por|przez|a cura|creati|realizados|сделал|создавал|подготовлен|revisione)\b"
    r"|редактор субтитров|корректор [а-я]\.|^(?:subtitles?|captions?|transcri(?:bed|ption)) by\b"
    r"|castingwords|字幕(?:提供|由|by|志愿者|製作|制作)|中文字幕|mooji\.org|authorwave"
    r"|优优独播剧场|詞曲\s*李宗盛|作词\s*作曲\s*李宗盛|明镜与点点|明鏡與點點"
    # Arabic, Persian, Urdu, Hebrew: the translator's name after "translation".
    r"|^(?:ال)?ترجمة\s+(?:نانسي|نانسى|اسامة|أسامة|و?تدقيق|فريق)|نانسي قنقر"
    r"|^زیرنویس\s*(?:شده|از|توسط|:)"
    r"|^תרגום(?:\s+ו?(?:סנכרון|כתוביות)|\s*:|\s+על ידי)|^תורגם על ידי|^כתוביות\s*:"
    # Turkish, the Nordic languages, the Slavic ones, Romanian, Hungarian and Greek.
    r"|^alt\s?yazı(?:lar)?\b\s*:?\s*(?:m\.?\s?k\b|çeviri|\S+\.(?:com|org))|^çeviri ve altyazı\b"
    r"|^(?:teksting|tekstet|undertekster|undertexter|undertextning|danske tekster|norske tekster)"
    r"\b.*\b(?:av|af|fra|från|ved)\b|^(?:svensktextning|tekstitys|suomennos|suomentanut)\b\s*:?"
    r"\s*\S*(?:btistudios|sdi media|iyuno|\.com)|^nrk\s*(?:19|20)\d\d$"
    r"|^субтитр(?:ы|и)\s+(?:сделал|делал|создал|создавал|подогнал|предоставил|зробив|зроблено)"
    r"|^(?:titulky vytvo[rř]ila?|prijevod i obrada|prevod i obrada|preveo|prevela)\b"
    r"|^(?:traducerea și adaptarea|subtitrarea?)\b.*\b(?:de|by)\b|^feliratok?\b.*(?:amara|\.hu\b)"
    r"|^υπότιτλοι\b.*\b(?:authorwave|amara|από)\b"
    # Korean: a broadcaster's reporter signs off, and whoever made the subtitles.
    r"|^(?:mbc|kbs|sbs|ytn|jtbc|tv조선|연합)\s*뉴스\s+\S{2,6}(?:입니다|이었습니다|였습니다)$"
    r"|^(?:한글\s?자막|자막)\s*(?:by|제작|제공|:)|^지금까지 .{1,20}(?:이었습니다|였습니다)$"
    # Vietnamese and Thai.
    r"|la la school|ghiền mì gõ|^(?:phụ đề|vietsub)\b.*\b(?:bởi|by|amara)\b|^คำบรรยายโดย"
)

# Words that open a remark, a list or a step: with a colon after them they stand in front of what is
# said, like a speaker's name, but were said.
SAID_IN_FRONT = _words(
    """
    note notes remember reminder warning caution tip hint example examples question answer problem
    solution result conclusion summary step rule part chapter point fact reason idea plan goal first
    second third fourth finally lastly next then also and but so or now well okay ok yes no remark
    update correction disclaimer attention important spoiler ps p.s btw fyi nb n.b todo result
    monday tuesday wednesday thursday friday saturday sunday today tomorrow yesterday morning
    afternoon evening january february march april may june july august september october november
    december ingredients method total price address email phone website subject title topic agenda
    the a an this that these those here there what why how who when where which because if for
    hinweis merke achtung beispiel frage antwort problem lösung ergebnis fazit schritt regel teil
    kapitel punkt grund ziel erstens zweitens drittens also und aber oder nun ja nein zutaten montag
    dienstag mittwoch donnerstag freitag samstag sonntag
    remarque rappel attention exemple question réponse problème solution résultat conclusion étape
    règle partie chapitre raison but premièrement deuxièmement et mais donc ou oui non
    nota ojo ejemplo pregunta respuesta problema solución resultado conclusión paso regla parte
    capítulo razón primero segundo tercero y pero entonces sí no atención recuerda
    esempio domanda risposta soluzione risultato conclusione passo regola capitolo primo secondo e
    ma quindi sì attenzione exemplo pergunta resposta solução passo regra
    opmerking let voorbeeld vraag antwoord stap regel deel dus maar
    примечание внимание пример вопрос ответ проблема решение итог шаг правило часть и но да нет
    注意 例如 比如 问题 問題 答案 结果 結果 注 例 質問 答え 結論 所以 但是 因为 第一 第二 第三
    """
)

# Hesitations; "um" is a word in German and Portuguese, so a language has its own list.
FILLERS: dict[str, frozenset[str]] = {
    "en": _words("um umm ummm uh uhh uhm erm er eh hmm mm"),
    "de": _words("äh ähm ähh öhm öh ehm hmm"),
    "fr": _words("euh heu hum hmm"),
    "es": _words("eh ehm em mmm"),
    "ca": _words("eh ehm mmm"),
    "it": _words("ehm eh mmm"),
    "pt": _words("hum hã ehm"),
    "nl": _words("eh ehm uh uhm euh"),
    "sv": _words("eh öh ehm"),
    "pl": _words("yyy eee ehm"),
    "ru": _words("эээ ммм эм"),
}
FILLERS_ANYWHERE = _words("uh uhh uhm erm ähm euh ehm")

# Repeated on purpose, or by grammar ("had had", "die die", "vous vous").
REPEATED_ON_PURPOSE = _words(
    """
    no yes yeah yep nope nein ja doch non oui sí si não sim да нет very really so too much many more
    far long way again never ever always sehr ganz viel muy mucho très bien bye tschüss ciao hey hi
    hello hallo ha haha ho la da blah bla knock tick tap wow oh ah okay ok well now there here come
    go wait stop please help look listen sure right good great nice thank thanks danke merci
    had that
    is was do did who what der die das sie ihr vous nous se one two three four five six seven eight
    nine ten zero hundred double o eins zwei drei vier fünf null wie
    """
)

# Between two uses of a word on purpose: "on and on", "year after year", "mehr und mehr".
REPEATED_ROUND = _words("and or by after to for und oder für um et ou y o e i en и")
