"""The records that the steps of the engine pass to each other."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final, Literal

FORMATS = ("txt", "md", "srt", "vtt", "html")  # what a profile's `outputs` may name
VOLATILE = ("created_at", "timings")  # keys of the metadata that differ between two equal runs

Timing = Literal["word", "segment", "none"]
Cleaning = Literal["off", "safe", "thorough"]
FrontMatter = Literal["yaml", "obsidian", "logseq", "none"]
#: Why nothing of a server's answer was taken: there was none, or none that is a reading, or one
#: whose marks are not plausible.
ServedReason = Literal["unanswered", "no_reading", "implausible"]
#: Of how a server is asked; part of the recipe.
SERVED_VERSION: Final = 1
PartStatus = Literal["enhanced", "fallback", "uncovered", "implausible"]
Rule = Literal["reader", "ask"]
FoundBy = Literal["tag", "loop"]  # what the transcript has where music is looked for
RemovalKind = Literal["loops", "fillers", "repeats", "tags", "captions"]


@dataclass(frozen=True, slots=True)
class Word:
    """One word as the producer wrote it: the unit that is never lost."""

    text: str  # with its own quotes, brackets and marks ("Hello,"); no white space; NFC not applied
    start_s: float | None = None  # None where the producer gives no time at all
    end_s: float | None = None
    speaker: str | None = None  # the producer's label
    confidence: float | None = None  # 0 to 1
    glued: bool = False  # no white space stood between the word before and this one
    stands_for: int = 1  # words of the source that it replaces; 1 for itself
    heard: str | None = None  # what the glossary replaced with it; "" from its second word on
    offered: tuple[str, ...] = ()  # terms that sound like it, which the guide may write instead
    index: int | None = field(default=None, compare=False)  # among the source's words, as read


@dataclass(frozen=True, slots=True)
class Segment:
    """A producer's segment: words, and the figures that Whisper gives for all of them."""

    words: tuple[Word, ...]
    start_s: float | None = None
    end_s: float | None = None
    avg_logprob: float | None = None
    compression_ratio: float | None = None
    no_speech_prob: float | None = None
    raw_start_s: float | None = None  # as in the file, before times were put in order
    raw_end_s: float | None = None


@dataclass(frozen=True, slots=True)
class Note:
    """Something that reading inferred, or found in the file and did not use."""

    name: str  # one of `engine.reading.notes.NoteName`
    count: int | None = None  # of what the name says; None where there is nothing to count
    detail: str | None = None  # short, such as a unit or names of keys; never text of the talk


@dataclass(frozen=True, slots=True)
class Removal:
    """A span of words that was removed, reported word for word."""

    kind: RemovalKind
    # The removed words, joined by single spaces (glued words without); of captions, which show the
    # same words again and again, each word once.
    text: str
    start_s: float | None
    end_s: float | None
    count: int  # number of words removed
    index: int | None = field(default=None, compare=False)  # of its first word in the source


@dataclass(frozen=True, slots=True)
class Transcript:
    """One source file in the one normal form."""

    producer: str  # one of `engine.reading.PRODUCERS`
    segments: tuple[Segment, ...]
    language: str | None = None  # ISO 639-1, as the producer says
    duration_s: float | None = None
    timing: Timing = "segment"
    relabelled: int = 0  # words that got the speaker of the words around them
    removals: tuple[Removal, ...] = ()  # words of the file that reading left out, in order
    notes: tuple[Note, ...] = ()  # what the user should know about how it was read
    media: str | None = None  # the name of the recording, without its folder, where the file has it

    @property
    def words(self) -> tuple[Word, ...]:
        """Return the words of all segments, in order."""
        return tuple(word for segment in self.segments for word in segment.words)

    @property
    def has_speakers(self) -> bool:
        """Return whether any word has a speaker."""
        return any(word.speaker is not None for s in self.segments for word in s.words)


@dataclass(frozen=True, slots=True)
class Replacement:
    """A word that a glossary replaced."""

    source: str
    target: str
    start_s: float | None


@dataclass(frozen=True, slots=True)
class Part:
    """What the model decodes in one go: words, and the words it is shown around them."""

    index: int
    words: tuple[Word, ...]
    after: tuple[Word, ...] = ()  # lookahead: shown, never written
    covered: bool = True  # False: the model does not know the language; the source's text stays
    language: str | None = None  # ISO 639-1, of the transcript


@dataclass(frozen=True, slots=True)
class EnhancedWord:
    """A source word with the reading that was chosen for it."""

    word: Word
    text: str  # with its final case and marks
    paragraph: bool = False  # a paragraph ends after this word


@dataclass(frozen=True, slots=True)
class Served:
    """What of a part a model on a server decided."""

    otherwise: Literal["embedded", "source"]  # who decided the other words
    taken: int  # words that are written as it answered
    reason: ServedReason | None  # why none of its answer was taken; None: some was


@dataclass(frozen=True, slots=True)
class EnhancedPart:
    """A finished part: exactly the words of its `Part`, in order."""

    index: int
    status: PartStatus
    words: tuple[EnhancedWord, ...]
    tokens: int = 0  # decided tokens
    passes: int = 0  # forward passes, prefill included
    decode_s: float = 0.0
    ties: int = 0  # decisions inside the tie band
    served: Served | None = None  # None: no server was asked

    @property
    def decided(self) -> bool:
        """Return whether a model decided the text: where one was implausible, another one may."""
        if self.status != "implausible":
            return self.status == "enhanced"
        return any(word.paragraph or word.text != word.word.text for word in self.words)


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFacts:
    """What an output says of its model, and how the model wants a transcript cut."""

    name: str  # as the user wrote it, or "punct"
    revision: str | None  # commit, or first 12 hex digits of the weights' sha256
    quantization: str | None  # e.g. "4-bit, group 64"; None for float weights
    tasks: tuple[str, ...]  # ("punctuate",) or more
    languages: tuple[str, ...]  # ISO 639-1; empty: the model does not say, everything is tried
    part_words: int
    tail_words: int
    lookahead_words: int

    @property
    def second_opinion(self) -> str | None:
        """Return what else decides the text, as the recipe has it, in one word; None: nothing."""
        return None


@dataclass(frozen=True, slots=True)
class Opinion:
    """How a language model is heard beside a tagger, and how it decides where there is none.

    As they stand the figures are cautious ones, for a model that was never measured.
    """

    margin: float = 1.0  # log probability; a tagger is not asked twice that is surer than this
    weight: float = 0.3  # of the model's log probability beside the tagger's; 0: the tagger alone
    lookahead: int = 2  # words after a gap that are read with every option
    rule: Rule = "reader"  # alone: reads every option, or is asked for the text as an assistant
    calibrated: bool = False  # it was measured on this machine


@dataclass(frozen=True, slots=True)
class Layout:
    """The white space that a model reads and writes; an output has its own."""

    paragraph: str = "\n\n"  # between two paragraphs
    opening: str = ""  # before the first word of a text


@dataclass(frozen=True, slots=True)
class Server:
    """A server with the interface of OpenAI that answers for a model."""

    url: str  # up to and with `/v1`
    model: str  # as the server names it
    elsewhere: bool  # outside of this machine's network; the user has named the host twice


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelInfo(ModelFacts):
    """What a model folder says of itself, read without loading it."""

    path: str  # the folder; of a model on a server, its address
    kind: Literal["causal", "tagger"] = "causal"  # it writes from left to right, or labels words
    # How it is asked: for a text, in a chat, for labels, over HTTP.
    template: Literal["punct", "chat", "labels", "server"]
    layout: Layout = field(default_factory=Layout)
    separators: tuple[str, ...] = ()  # empty: those of the language
    marks: tuple[str, ...] = ()  # a tagger has a label for each of them, beside the usual ones
    bias: dict[str, float] = field(default_factory=dict)  # log-probability added per choice
    bias_marked: dict[str, float] = field(default_factory=dict)  # ... if the source has marks
    biases: dict[str, dict[str, float]] = field(default_factory=dict)  # of a language, over `bias`
    opinion: Opinion | None = None  # how its opinion is used; None: it decides, in its own way
    decider: ModelInfo | None = None  # the tagger that decides, with this model's opinion
    server: Server | None = None  # None: its weights are on this machine

    @property
    def second_opinion(self) -> str | None:
        """Return how the model's opinion is used, and the revision of the tagger that decides."""
        if self.server is not None:
            revision = self.decider.revision if self.decider is not None else None
            return f"server/{SERVED_VERSION}/{revision}"
        if self.opinion is None:
            return None
        one = self.opinion
        figures = f"{one.margin:g}/{one.weight:g}/{one.lookahead}/{one.rule}"
        figures += "".join(f"+{code}" for code in self.languages)  # others stay as they are
        return figures if self.decider is None else f"{figures}/{self.decider.revision}"

    @property
    def converses(self) -> bool:
        """Return whether the model answers a conversation, and does more than punctuate."""
        return self.template == "chat"


@dataclass(frozen=True, slots=True)
class Profile:
    """How the user wants a transcript to be treated."""

    name: str = "default"
    model: str = "punct"
    model_host: str | None = None  # outside of the user's network, allowed to have the model
    cleaning: Cleaning = "safe"
    language: str | None = None  # overrides the file and the detector
    outputs: tuple[str, ...] = ("txt",)  # beside metadata, which is always written
    speakers: dict[str, str] = field(default_factory=dict)  # label -> name
    glossary: dict[str, str] = field(default_factory=dict)  # heard -> correct
    terms: tuple[str, ...] = ()  # offered to the model where a word sounds like one
    tags: tuple[str, ...] = ()  # the only ones that a transcript may have; empty: any
    write_metadata: bool = True  # where a model is named that can write
    private: bool = False  # other programs may not read these transcripts through llasa
    diarize: bool = False  # the speakers are found in the sound, once the text is done
    describe_music: bool = False  # a service describes the music in the sound, after that
    output_dir: str | None = None  # where outputs are written; None: beside the source
    output_name: str = "{stem}"  # of the outputs, without their suffixes
    front_matter: FrontMatter = "yaml"  # of Markdown


@dataclass(frozen=True, slots=True)
class Document:
    """The whole enhanced transcript, as metadata and renderers read it."""

    paragraphs: tuple[tuple[EnhancedWord, ...], ...]  # each of one speaker, counted from 0
    language: str | None
    duration_s: float | None
    has_speakers: bool
    timing: Timing
    removals: tuple[Removal, ...] = ()  # in order
    media: str | None = None  # the name of the recording, where the source has it


@dataclass(frozen=True, slots=True)
class Point:
    """A sentence worth quoting, with its place."""

    text: str
    start_s: float | None
    paragraph: int  # counted from 0


@dataclass(frozen=True, slots=True)
class Chapter:
    """A stretch of a long transcript; it always starts at a paragraph."""

    title: str
    start_s: float | None
    paragraph: int  # counted from 0


@dataclass(frozen=True, slots=True)
class Extracts:
    """What was extracted from a transcript; None or empty where there is nothing."""

    title: str | None = None
    description: str | None = None
    summary: tuple[Point, ...] = ()  # in the order of the transcript
    key_points: tuple[Point, ...] = ()
    tags: tuple[str, ...] = ()
    chapters: tuple[Chapter, ...] = ()
    proposed_tags: tuple[str, ...] = ()  # beside those of the user's list, where there is one
    generated: frozenset[str] = frozenset()  # field names that a model wrote; the rest is quoted


@dataclass(frozen=True, slots=True)
class HeardSound:
    """What a model that hears music wrote of a stretch of the recording; no word of the text."""

    start_s: float  # of the stretch, in the recording
    end_s: float
    text: str
    model: str
    heard_start_s: float  # what the model heard of the stretch, in the recording
    heard_end_s: float
    found_by: FoundBy
    cut_off: bool = False  # the model would have gone on
    claims: tuple[dict[str, Any], ...] = ()  # tempo and key that it names, and as measured


@dataclass(frozen=True, slots=True)
class SourceFacts:
    """What is known about the file that a transcript was read from."""

    name: str  # file name without folder; may hold escaped bytes
    sha256: str  # of the bytes that were read
    size: int  # in bytes
    producer: str
    words: int  # before cleaning


@dataclass(frozen=True, slots=True)
class Timings:
    """What the enhancement of one file cost."""

    total_s: float
    load_s: float
    decode_s: float
    tokens: int
    passes: int


@dataclass(frozen=True, slots=True)
class Rendered:
    """One output file, not yet written."""

    suffix: str  # "enhanced.txt", "metadata.json", ...
    content: str


Metadata = dict[str, Any]  # llasa.metadata/1, see docs/metadata.schema.json
