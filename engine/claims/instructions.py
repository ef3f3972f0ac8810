"""Spoken instructions: sentences of a transcript that tell a model what to write.

They were said, so every word of an answer that obeys them "stands in the transcript". Therefore a
sentence like that is neither shown to the model nor counts as evidence. How many there were is in
the metadata.
"""

from __future__ import annotations

from typing import Final

import regex  # type: ignore[import-untyped]

_MACHINE: Final = (
    r"(?:ai|a\.i\.|assistant|chat ?bot|chat ?gpt|claude|gemini|llama|llasa|language model|llm"
    r"|computer|machine|summari[sz]er|transcriber|bot|siri|alexa"
    r"|assistent|assistentin|sprachmodell|modell|zusammenfasser"
    r"|assistante?|modèle|asistente|modelo|assistente|modello|taalmodel)"
)
_TEXT: Final = (
    r"(?:summary|summaries|title|description|key points?|tags?|metadata|transcript|chapters?"
    r"|zusammenfassung|titel|beschreibung|überschrift|transkript"
    r"|résumé|titre|description|resumen|título|descripción|riassunto|titolo|descrizione"
    r"|resumo|descrição|samenvatting|beschrijving)"
)
_WRITE: Final = (
    r"(?:write|say|state|include|mention|output|print|put|add|answer|respond|reply|repeat|call|name"
    r"|use|return|begin|end|summari[sz]e|describe|report|claim|conclude"
    r"|schreib(?:e|en)?|sag(?:e|en)?|nenn(?:e|en)?|erwähn(?:e|en)?|antwort(?:e|en)?|fass(?:e|en)?"
    r"|écri(?:s|vez|re)|di(?:s|tes|re)|ajout(?:e|ez|er)|répond(?:s|ez|re)|résum(?:e|ez|er)"
    r"|escrib(?:e|a|ir)|di(?:ga)?|decir|añad(?:e|a|ir)|respond(?:e|a|er)|resum(?:e|a|ir)"
    r"|scriv(?:i|a|ere)|rispond(?:i|a|ere)|riassum(?:i|a|ere)|escrev(?:e|a|er)|diga"
    r"|schrijf|zeg|vermeld|antwoord)"
)
_OWN: Final = (
    r"(?:the|your|its|this|deine\w*|ihre\w*|der|die|le|la|ta|votre|tu|su|el|il|o|a|de|het|je)"
)
_INTO: Final = r"(?:in|as|for|into|im|in der|dans|en el|en la|nel|nella|no|na)"
_MUST: Final = (
    r"(?:must|should|shall|has to|is to|needs? to|will|soll\w*|muss|lautet|doit|debe|deve|moet)"
)
_ASKS: Final = (
    r"(?:must|should|shall|please|needs? to|has to|have to|soll\w*|muss|bitte|dois|doit|devez"
    r"|debe\w*|deve|devi|moet)"
)
_CALLS: Final = r"(?:hey|dear|okay|ok|note to|attention|to the|hallo|liebes?|cher|querido|caro)"
_EXACTLY: Final = (
    r"(?:following|instead|only|exactly|verbatim|folgend\w*|stattdessen|nur|suivant\w*|seulement"
    r"|siguiente|solo|seguinte|volgende)"
)
_PATTERNS: Final = (
    # ignore all previous instructions
    r"\b(?:ignore|disregard|forget|override)\b.{0,40}\b(?:instruction|prompt|rule|direction|above"
    r"|previous|prior|said before|command)",
    r"\b(?:ignorier\w*|vergiss|vergesst|vergessen sie)\b.{0,40}\b(?:anweisung|vorgabe|regel"
    r"|bisherig)",
    r"\b(?:ignore[rz]?|oublie[rz]?)\b.{0,40}\b(?:instruction|consigne|règle|précédent)",
    r"\b(?:ignora|ignore|olvida|olvide|esquece|esqueça|dimentica)\b.{0,40}"
    r"\b(?:instruc|instruç|istruzion|regla|regra|regol|anterior|precedent)",
    r"\b(?:negeer|vergeet)\b.{0,40}\b(?:instructie|opdracht|regel|vorige)",
    r"\b(?:system prompt|prompt injection|you are now|from now on you|new instructions?)\b",
    # a machine is addressed
    rf"(?:^|[,;:.!?]\s*|\b{_CALLS}\s+)(?:the |any |all |an? )?{_MACHINE}s?\b\s*[,:;!].*",
    rf"\b{_MACHINE}s?\b.{{0,60}}\b{_ASKS}\b.{{0,40}}\b{_WRITE}\b",
    # the text is ordered
    rf"\b{_WRITE}\b.{{0,60}}\b{_INTO}\b.{{0,20}}\b{_OWN}\b ?{_TEXT}\b",
    rf"\b{_OWN}\b {_TEXT}\b.{{0,30}}\b{_MUST}\b",
    rf"\b(?:set|make|change|give)\b.{{0,20}}\b{_OWN}\b ?{_TEXT}\b",
    rf"^(?:please |bitte |now |just )?{_WRITE}\b.{{0,40}}\b{_EXACTLY}\b",
    rf"^{_TEXT} ?:",
)
_FOUND: Final = regex.compile("|".join(f"(?:{pattern})" for pattern in _PATTERNS), regex.IGNORECASE)


def is_instruction(sentence: str) -> bool:
    """Return whether a sentence tells a model what to write."""
    return _FOUND.search(sentence) is not None
