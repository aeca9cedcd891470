"""Distinguish a paper that somebody reads out, with its mark's place, from talk about marks."""

from __future__ import annotations

import re

import re2

_PLACE_BEFORE = re.compile(
    r"(?:图名|封[皮面底签]|天头|题头|抬头|标头|版头|红头|台头|扉页|首页|页[眉边角脚头首]|眉头|[左右][上下边]角?|"
    r"上[方角边头]|(?:第一|头一|首|上一|下一)行|最上面|开头|盖的?章|戳)[^\"'「『。]{0,10}[\"'「『(\[【《]?$|"
    r"\b(?:cover(?: sheet| page)?|headers?|banner|top of (?:the )?page|heading|stamp(?:ed)?)"
    r"[^\"'.]{0,12}[\"'(]?$"
)
_GOES_ON = re.compile(
    r"^(?:[ +,:()+]|$)|^[^\"'」』]{0,8}[\"'」』](?:[ +,:(]|$|的?[那这][份本张页套个])"
)
_POINTED_AT = re.compile(r"^[\"'」』]的[那这][份本张页套个]")
_LESSON = re2.compile(
    r"老师|学员|学生|示[意例]|样[例本张式]|例[子如]|课|道具|剧|群演|小说|电影|考|真题|试卷|卷子|模拟|练习|演练|"
    r"格式|规范|国标|标准|培训|教材|宣传|字体|字号|黑体|居中|空格|位置|应当?|必须|要标|要写|怎|如何|什么|"
    r"凡|如果|一律|通报|据|涉事|媒体|报道|[??]|"
    r"\b(?:must|should|how|examples?|samples?|training|never|if|correct|format|what|which|always|any|"
    r"every (?:document|file|page must)|need|goes|replace[sd]?)\b"
)
_REACH = 24


def is_read_out(before: str, after: str) -> bool:
    """Return True if the words around a mark report a paper's mark and place, and set no rule."""
    placed = _PLACE_BEFORE.search(before[-_REACH:]) and _GOES_ON.search(after)
    return bool((placed or _POINTED_AT.search(after)) and not _LESSON.search(before + " " + after))
