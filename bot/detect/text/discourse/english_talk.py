"""Distinguish English talk about marks from texts that bear them."""

from __future__ import annotations

import re

import re2

_NEAR = 32
_WORDS = re.compile(r"[a-z]{2,}")
_ADDRESS = re.compile(r"\b(?:[a-z]{2,9}://|www\.|[a-z0-9-]{1,63}(?:\.[a-z0-9-]{2,63}){1,4}/)\S*")
_HAN = re.compile(r"[\u3400-\u9fff]")
_HAN_PER_WORD = 2

# Right before the mark: a verb or noun that has it as its object.
_NAMED_BEFORE = re.compile(
    r"\b(?:mark(?:ed|ing|ings|s)?|label(?:l?ed|l?ing|s)?|stamp(?:ed|s)?|bear(?:ing|s)?|reads?|"
    r"reading|says?|"
    r"saying|tag(?:ged|s)?|classified|called|terms?|words?|strings?|banners?|caveats?|headings?)"
    r"(?: (?:as|with|the|a|an|or|and|either|only))*[ :]*[\"'(\[]?$"
)
_EXAMPLE_BEFORE = re.compile(
    r"\b(?:like|such as|e\.g\.|i\.e\.|examples?|for instance|say|meaning of|definition of|what is|"
    r"what does|treat(?:ed)? (?:it|them|this|that|such) as|sets? out|ranges? from|up to)"
    r"(?: (?:the|a|an))?[ :,]*[\"'(\[]?$"
)
_TIED_AFTER = re.compile(
    r"^[\"')\]]{0,2} ?(?:(?:marks?|markings?|labels?|banners?|stamps?|caveats?|terms?|level) ?)?"
    r"(?:is|are|was|were|would be) (?:an? |the |only |just |not |one of )|"
    r"^[\"')\]]{0,2} ?(?:means?|meaning|stands? for|"
    r"tells?|denotes?|replace[sd]?|refers?|goes|indicates?|signif(?:y|ies)|marks?\b|markings?\b|"
    r"labels?\b|banners?\b|"
    r"stamps?\b|caveats?\b|(?:documents|files|papers|items|materials?|pages|e?-?mails|reports|"
    r"information|data|content)"
    r"\b.{0,24}\b(?:must|may|should|can|shall|need|are|is|have|stay|belong|never))"
)
_RULE = re2.compile(
    r"\b(?:never|do not|don't|dont|must not|mustn't|may not|should not|shouldn't|cannot|can't|"
    r"avoid|no one|nobody|"
    r"anything|anyone|everything|whatever|whenever|any (?:file|document|paper|page|message|mail|"
    r"item|material)s?|"
    r"(?:all|no|some) (?:files|documents|papers|pages|items|materials?)|if (?:you|it|a|the|any)|"
    r"when you|reminder|remember|"
    r"policy|rules?|guideline|guide|handling|must be|should be|has to be|have to be|are (?:kept|"
    r"stored|handled|not to)|"
    r"is (?:kept|stored|handled)|report it|need(?:s)? a|belongs?|stay in)\b"
)
_PLURAL_BEFORE = re.compile(
    r"\b(?:files|documents|papers|pages|items|materials|mails|emails|reports|things|those|"
    r"ones)[ ,]"
    r".{0,12}$"
)
_LESSON = re2.compile(
    r"\b(?:training|trainees?|course|lesson|lecture|quiz|exam|exercise question|true or false|"
    r"examples?|samples?|demo|"
    r"demonstration|test(?:ing)?|dummy|what (?:does|is|are)|how (?:do|to|should)|"
    r"which (?:is|\w{2,12} (?:is|are)|one|"
    r"of)|meaning|means|"
    r"stands? for|explain(?:s|ed)?|wikipedia|movie|film|novel|song|game|poster|slide|"
    r"template|format|correct way)\b|\?"
)
_REPORTED = re2.compile(
    r"\b(?:court|judge|police|fined|arrested|sentenced|jailed|dismissed|newspapers?|journalists?|"
    r"reporters?|reported|"
    r"leaked|leaks? of|according to|in (?:19|20)[0-9]{2}|scandal|whistleblower|he|she|they|"
    r"someone|an employee|a clerk)\b"
)
_PRESS = re2.compile(
    r"\b(?:court|police|newspapers?|journalists?|reporters?|reported|leaked|according to)\b"
)
_IN_HAND = re2.compile(
    r"\b(?:attached|attachment|enclosed|here(?:'s| is| are)|fyi|fwd?|see below|below|you asked|"
    r"as requested|scanned|"
    r"photo of|copy of|our draft|this (?:deck|file|document|draft|report|page|is)|read and delete|"
    r"i got|i have)\b"
)
_FORBIDDEN = re2.compile(
    r"\b(?:never|do not|don't|must not|may not|should not|cannot|not to|reminder|if you)\b"
)


def is_english_talk(before: str, after: str) -> bool:
    """Return True if a folded English sentence around a mark is about such marks."""
    before, after = _ADDRESS.sub(" ", before), _ADDRESS.sub(" ", after)  # no part of a sentence
    around = before + " " + after
    words = len(_WORDS.findall(around))
    if not words or len(_HAN.findall(around)) > _HAN_PER_WORD * (words - 1):
        return False
    if _EXAMPLE_BEFORE.search(before[-_NEAR:]) or _TIED_AFTER.match(after):
        return True
    if _LESSON.search(around):
        return True
    named = _NAMED_BEFORE.search(before[-_NEAR:]) is not None
    if _IN_HAND.search(around) and not _FORBIDDEN.search(before):
        return False
    if named:
        plural = _PLURAL_BEFORE.search(before[-2 * _NEAR :])
        return bool(plural or _RULE.search(around) or _REPORTED.search(around))
    return bool(_FORBIDDEN.search(before) or _PRESS.search(before))
