"""Judge a hit by what stands around it: its place, the words near by, and the kind of talk."""

from __future__ import annotations

import re

import re2

from bot.detect.text.normalize import Normalized
from bot.rules import Discourse, Position

_SENTENCE_END = re.compile(r"[。!?;\n]")
_DECORATION = re.compile(
    r"(?:[\W_]|\d{6}|特\s*急|加\s*急|平\s*急|特\s*提|份\s*号|编\s*号|密\s*级|no)*", re.IGNORECASE
)
_OPEN, _CLOSE = "([{【〔[<《「『〖\"'", ")]}】〕]>》」』〗\"'"
_HEADER_LINES = 3
_REACH = 40
MAX_LINE = 400

# Patterns that run on whole sentences are RE2's: they cost little even where marks are crowded.

# Talk that has the very words as its object, right before or after the hit. The weak form counts
# only where the hit stands in quotation marks.
_TIED_BEFORE = re.compile(
    r"(?:(?:例|比|譬|诸)如|比方|例子[是为叫]?|举例[::]?|示例|样例|规范写法|(?:判断|填空|单选|多选|问|答|题)[::]|(?<!不)如|即|像|叫做?|称[为作]|标志[为是]?|标识[为是]?|标注[为是]?|"
    r"格式[为是]?|形式[为是]?|[标印写盖注带][有明]|标为|写成|标成|显示|字样|什么是|何为|何谓|所谓|凡是?|没有|"
    r"不是|没|无|出现)(?:了|有|的)?[\s:]*[\"'「『(\[【《]?$"
)
_SEEN_BEFORE = re.compile(r"[标印写盖注带贴]着(?:的)?[\s:]*[\"'「『(\[【《]?$")
_SEEN_AFTER = re.compile(r"^[\"'」』)\]】》]?(?:的|等|字样)")
_WEAK_BEFORE = re.compile(
    r"(?:是|为|有|含|以|用|包括|包含|涉及|看到|遇到|发现|属于|关于|或|和|与|及|、|,|/|\||:|把|将|对)(?:了|的)?"
    r"[\s:]*[\"'「『]$"
)
_TIED_AFTER = re.compile(
    r"^[\"'」』)\]】》]?\s*(?:等|的|这个|这种|这样的)?\s*(?:字样|标志|标识|标记|标注|标签|印章|意思|含义|是指|指的?是|"
    r"表示|代表|说明|意味|是什么|是啥|什么|怎么|怎样|如何|格式|写法|之分|三级|几个字|字眼|提示)"
)
_TEACHING = re2.compile(
    r"例如|比如|譬如|诸如|举例|示例|样例|标志(?:为|是|由|的|应|格式|包括)|标识(?:为|是|的|格式)|"
    r"标注(?:为|方法|方式|格式|形式|应|在|的)|字样|格式(?:为|是|如|应)|写法|含义|意思|意为|是指|指的是|"
    r"表示|代表|何为|什么是|知识|培训|学习|课堂|微课|小课|讲解|讲座|考题|题目|题库|测试题|判断题|选择题|考点|答案|下列|"
    r"单选|多选|正确|错误|宣传|警示|案例|通报|曝光|违规|违法|查处|处分|被判|泄密案|新闻|报道|小说|电影|电视剧|"
    r"剧情|游戏|台词|书名|科普|小贴士|提醒|温馨提示|注意事项|须知|公约|承诺书|责任书|自查|排查|台账|清理"
)
_LAW = re2.compile(
    r"保密法|第[一二三四五六七八九十百零\d]{1,5}[条款项章]|条例规定|依照|依法|根据.{0,20}(?:规定|办法|条例)|"
    r"法律责任|刑法|实施条例|管理办法|暂行办法|应当(?:标|注|在)|机关、单位|定密|解密|保密期限(?:为|是|一般|不超过|由|届满)"
)
_HANDED_BEFORE = re.compile(
    r"(?:查收|附件[是为]?|请传阅|请审阅|请看|发你了?|刚收到的?)[^。!?;\n]{0,4}$"
)
_QUESTION = re2.compile(r"[??]|吗|呢[。!]?$|什么|怎么|如何|是不是|能不能|可不可以|请问|有没有|哪")
_ASKED = re.compile(r"^.{0,10}(?:[??]|吗)|什么意思|对不对|怎么(?:标|写|理解)|是不是(?:标|写)")
_QUIZ = re2.compile(
    r"[单多]选|判断题|(?:^|[\s\d.、])(?:判断|填空|简答)[::]|[((][ ×√xX✓✗对错]{0,3}[))][。.]?$|"
    r"选择题|填空|简答|下列(?:哪|选项|说法|做法|行为|各项)|以下哪|测试题|考题|第.{1,3}题"
)
_REMINDER = re2.compile(
    r"(?:严禁|不得|禁止|请勿|切勿|不要|不能|不可|不准|不许|杜绝|严防|防止|避免|谨防)[^。!?;\n]{0,24}?"
    r"(?:涉密|国家秘密|工作秘密|敏感信息|内部|机密|秘密|绝密|标有|带有)|"
    r"(?:涉密|国家秘密|工作秘密|商业秘密|敏感信息)[^。!?;\n]{0,20}?(?:不上网|不得|严禁|不要|不能|禁止|一律)"
)


def sentence(text: str, start: int, end: int) -> tuple[int, int]:
    """Return the bounds of the sentence around a hit, at most 3 times the reach on each side."""
    low, high = max(0, start - 3 * _REACH), min(len(text), end + 3 * _REACH)
    for stop in _SENTENCE_END.finditer(text, low, start):
        low = stop.end()
    stop_after = _SENTENCE_END.search(text, end, high)
    return low, stop_after.end() if stop_after else high


def nearest_word(
    text: str, span: tuple[int, int], words: tuple[str, ...], window: int
) -> str | None:
    """Return the first of the words that stands within ``window`` characters of the hit."""
    start, end = span
    before, after = text[max(0, start - window) : start], text[end : end + window]
    return next((word for word in words if word in before or word in after), None)


def stands(text: Normalized, start: int, end: int, positions: tuple[Position, ...]) -> bool:
    """Say whether the hit stands in one of the places."""
    return any(_stands(text, start, end, position) for position in positions)


def _stands(text: Normalized, start: int, end: int, position: Position) -> bool:
    if position == "any":
        return True
    folded = text.folded
    if position == "phrase":
        while start and folded[start - 1] == " ":
            start -= 1
        return not start or not folded[start - 1].isalnum()
    low, high = _near_line(text, start, end)
    before, after = folded[low:start].rstrip(" "), folded[end:high].lstrip(" ")
    if position in ("bracket", "edge"):
        inside = before[-1:] in tuple(_OPEN) and after[:1] in tuple(_CLOSE)
        return inside and (
            position == "bracket" or not before[:-1].strip() or not after[1:].strip(" .。,:")
        )
    if position == "line":
        return bool(_DECORATION.fullmatch(before) and _DECORATION.fullmatch(after))
    if position == "header":
        return folded.count("\n", 0, start) < _HEADER_LINES and _is_line(before, after)
    return bool(_DECORATION.fullmatch(before))


def _near_line(text: Normalized, start: int, end: int) -> tuple[int, int]:
    """Return the line's bounds, cut where it is so long that it can be no mark's own line."""
    low, high = text.line(start)
    return max(low, start - MAX_LINE), max(end, min(high, end + MAX_LINE))


def _is_line(before: str, after: str) -> bool:
    return bool(_DECORATION.fullmatch(before) and _DECORATION.fullmatch(after))


def is_harmless_talk(text: Normalized, start: int, end: int, level: Discourse) -> bool:
    """Say whether the sentence speaks about such words instead of bearing them as a mark.

    ``near`` looks only at what the hit is grammatically tied to, ``broad`` at the whole sentence.
    A hit that has a line to itself is never talk.
    """
    if level == "none" or _stands(text, start, end, "line"):
        return False
    folded = text.folded
    low, high = sentence(folded, start, end)
    before, after = folded[low:start], folded[end:high]
    if _TIED_BEFORE.search(before[-12:]) or _TIED_AFTER.search(after[:12]):
        return True
    if _WEAK_BEFORE.search(before[-12:]) and after[:1] in tuple("\"'」』"):
        return True
    if _SEEN_BEFORE.search(before[-12:]) and _SEEN_AFTER.search(after):
        return True
    if _QUIZ.search(folded[slice(*_near_line(text, start, end))]):
        return True
    if level == "near":
        return False
    if stands(text, start, end, ("start", "edge")):
        return bool(_ASKED.search(after))
    if _HANDED_BEFORE.search(before[-12:]):
        return False
    around = before + " " + after
    return any(p.search(around) for p in (_TEACHING, _LAW, _QUESTION, _REMINDER))
