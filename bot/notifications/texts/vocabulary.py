"""The words for categories, severities, places and failures, in the reader's language."""

from __future__ import annotations

from bot.i18n import Translator
from bot.model import Category, Severity, Source
from bot.outgoing import EffectKind

SEVERITY_ICON = {
    Severity.NONE: "⚪",
    Severity.LOW: "🔵",
    Severity.MEDIUM: "🟡",
    Severity.HIGH: "🟠",
    Severity.CRITICAL: "🔴",
}


def category(t: Translator, value: Category | None) -> str:
    """Name a category."""
    names = {
        Category.MARKING: t("official marking"),
        Category.DOCUMENT: t("official document"),
        Category.IDENTITY: t("personal data"),
        Category.CREDENTIAL: t("password or key"),
        Category.KEYWORD: t("protected term"),
        Category.FINGERPRINT: t("registered document"),
    }
    return names[value] if value else t("could not be inspected")


def severity(t: Translator, value: Severity) -> str:
    """Name a severity."""
    names = {
        Severity.NONE: t("none"),
        Severity.LOW: t("low"),
        Severity.MEDIUM: t("medium"),
        Severity.HIGH: t("high"),
        Severity.CRITICAL: t("critical"),
    }
    return names[value]


def place(t: Translator, value: Source) -> str:
    """Name where something stood."""
    names = {
        Source.TEXT: t("text"),
        Source.CAPTION: t("caption"),
        Source.QUOTE: t("quotation"),
        Source.LINK: t("link target"),
        Source.FILENAME: t("file name"),
        Source.POLL: t("poll"),
        Source.CONTACT: t("contact card"),
        Source.IMAGE: t("picture"),
        Source.QR: t("QR code"),
        Source.DOCUMENT: t("document"),
        Source.VIA_BOT: t("bot that it was sent through"),
    }
    return names[value]


def effect(t: Translator, kind: EffectKind) -> str:
    """Name an act on the platform."""
    names = {
        EffectKind.DELETE: t("remove from the group"),
        EffectKind.REPOST: t("notice in the group"),
        EffectKind.WARN: t("private note to the sender"),
        EffectKind.ESCALATE: t("card for supervisors"),
        EffectKind.MUTE: t("mute the sender"),
        EffectKind.SAY: t("message"),
        EffectKind.EDIT: t("update of a message"),
        EffectKind.LEAVE: t("leave the group"),
    }
    return names[kind]


def not_inspected(t: Translator, reason: str) -> str:
    """Explain in plain words why something could not be read."""
    names = {
        "too-big": t("the file is larger than 20 MB"),
        "too-large": t("the picture has too many pixels"),
        "broken": t("the file is damaged"),
        "cut-off": t("the file ends too early"),
        "timed-out": t("reading took too long"),
        "reader-crashed": t("the reader failed on this file"),
        "reader-unavailable": t("no reader is ready; see the doctor command"),
        "no-reader": t("no reader is ready; see the doctor command"),
        "ocr-failed": t("reading the picture failed"),
        "appended-data": t("the file hides another file"),
        "too-many-frames": t("only the first stills of a film are read"),
        "out-of-memory": t("the file needs too much memory"),
        "encrypted": t("the file is protected by a password"),
        "too-deep": t("archives lie within archives too deep"),
        "too-many-parts": t("the file has too many parts"),
        "too-many-pictures": t("the document has too many pictures"),
        "too-much-text": t("the document has too much text"),
        "page-cap": t("the document has too many pages"),
        "time-budget": t("there was not enough time for all pages and pictures"),
        "dangerous-markup": t("the file is built to overload its reader"),
        "unsupported-legacy-office": t("documents of Office before 2007 are read in part only"),
        "unsupported-archive": t("this kind of archive is not read"),
        "unsupported-document": t("this kind of document cannot be read yet"),
        "download-refused": t("the platform did not hand out the file"),
        "dead-letter": t("processing failed five times"),
        "unknown-content": t("this kind of message is not known yet"),
    }
    if reason.startswith("detector-failed"):
        return t("a detector failed")
    if reason.startswith("unsupported-") and reason not in names:
        return t("this kind of file is not read")
    return names.get(reason, t("it could not be read"))


def failure(t: Translator, code: str) -> str:
    """Explain in plain words why an act failed."""
    names = {
        "forbidden": t("the bot lacks the right"),
        "cannot-write": t("this person has not opened a chat with the bot"),
        "already-gone": t("it was removed already, not by me"),
        "not-needed": t("not needed any more"),
        "outcome-unknown": t("the platform did not answer; not repeated"),
        "no-answer": t("the platform has not confirmed it yet; I go on trying"),
    }
    return names.get(code, code or t("unknown reason"))
