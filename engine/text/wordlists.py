"""Word lists for cleaning: sounds, closing lines and hesitations, by language where it matters.

Everything is in lower case. A tag counts only if all its words are listed and one names a sound.
"""

from __future__ import annotations

import re


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _lines(text: str) -> frozenset[str]:
    return frozenset(line.strip() for line in text.strip().splitlines())


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
    구독과 좋아요 부탁드립니다
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
    r"|castingwords|字幕(?:提供|由|by)|中文字幕|mooji\.org"
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
