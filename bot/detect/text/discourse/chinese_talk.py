"""Distinguish talk about marks from texts that bear them: lessons, laws, questions, reports."""

from __future__ import annotations

import re
from collections.abc import Callable

import re2

from bot.detect.text.discourse.english_talk import is_english_talk
from bot.detect.text.discourse.quoted_marks import is_read_out
from bot.detect.text.matching.positions import near_line, sentence, stands
from bot.detect.text.normalization.normalized_text import Normalized
from bot.rules.rule import Discourse

_NEAR = 12
_QUOTES_OPEN, _QUOTES_CLOSE = ('"', "'", "「", "『"), ('"', "'", "」", "』")

# Patterns that run on whole sentences are RE2's: they cost little even where marks are crowded.

# Verbs and nouns right before or after the hit that have it as their object.
_EXAMPLE_BEFORE = re.compile(
    r"(?:(?:例|比|譬|诸)如|比方|例子[是为叫]?|举例[::]?|示例|样例|规范写法|(?:判断|填空|单选|多选|"
    r"问|答|题)[::]|"
    r"(?<!不)如|即|像|叫做?|称[为作]|标[志识](?:可以)?[为是]|(?<!密级)标[志识]|格式[为是]?|形式[为是]?|"
    r"什么是|何为|"
    r"何谓|所谓|"
    r"检测[到出][^\n。]{0,6}|疑似|凡是?|没有|不是|没|无|出现)(?:了|有|的)?[\s:]*[\"'「『(\[【《]?$"
)
_NAMED_BEFORE = re.compile(
    r"(?:标志[为是]?|标识[为是]?|标注[为是]?|[标印写盖注带][有明]|标了|标为|标的是?|写成|标成|显示|字样)(?:了|有|"
    r"的)?[\s:]*[\"'「『(\[【《]?$"
)
_SEEN_BEFORE = re.compile(r"[标印写盖注带贴]着(?:的)?[\s:]*[\"'「『(\[【《]?$")
_SEEN_AFTER = re.compile(r"^[\"'」』)\]】》]?(?:的|等|字样)")
_QUOTED_BEFORE = re.compile(
    r"(?:是|为|有|含|以|用|包括|包含|涉及|看到|遇到|发现|属于|关于|或者?|和|与|及|、|,|/|\||:|把|将|"
    r"对)(?:了|的)?"
    r"[\s:]*[\"'「『]$"
)
_QUOTED_AFTER = re.compile(
    r"[\"'」』](?:时[,:]|的[^。;\n]{0,30}(?:吗|[??])|的.{0,6}?(?:[应须请要]|一律|不得|不能|可以|怎么)|[里中](?:的|面|那))"
)
_TIED_AFTER = re.compile(
    r"^[\"'」』)\]】》]?\s*(?:等|的(?![那这])|这个|这种|这样的|那个)?\s*(?:字样|标志|标识|标记|标注|标签|"
    r"印章|意思|含义|是指|指的?是|"
    r"表示|代表|说明|意味|是什么|是啥|什么|怎么|怎样|如何|格式|写法|之分|三级|几个字|字眼|提示|"
    r"例子|(?:均|都|皆)?(?:为|是|属|系)(?:虚构|假设|杜撰|编造)|[((](?:演练|演示|样例|示例|样张|模拟|道具)|"
    r"是(?:一种|个)?(?:国家秘密|涉密|保密|密级|演示|样|示例|假的|测试|模拟|举例))"
)
_QUIZ = re2.compile(
    r"[单多]选|[选找挑]出[^\n。]{2,14}一[项个组]|判断题|案例分析|分析题|[((]\d{1,2}分[))]|"
    r"(?:^|[\s\d.、])(?:判断|填空|简答)[::]|[((][ ×√xX✓✗对错]{0,3}[))][。.]?$|"
    r"\([a1]\).{1,80}\([b2]\)|选择题|填空|简答|"
    r"[下以][列下](?:哪|选项|说法|做法|行为|各项|[^。\n]{2,14}的是)|测试题|考题|第.{1,3}题"
)

_INVENTED = re2.compile(r"道具|剧组|群演|小说|真题|真卷|模拟[卷题]")
_MENTIONED = re.compile(r"^[^\"'」』]{0,8}[\"'」』]")

# Kinds of talk that fill a whole sentence.
_TEACHING = re2.compile(
    r"例如|比如|譬如|诸如|举例|示例|样例|例子|样张|标志(?:为|是|由|的|应|格式|包括)|标识(?:为|是|"
    r"的|格式|牌)|"
    r"标注(?:为|方法|方式|格式|形式|应|在|的)|字样|格式(?:为|是|如|应)|写法|含义|意思|意为|是指|"
    r"指的是|"
    r"表示|代表|何为|什么是|知识|课堂|微课|小课|讲解|讲座|考题|题目|题库|测试题|判断题|选择题|"
    r"考点|答案|下列|"
    r"单选|多选|正确|错误|教员|讲师|举手|小说|电影|电视剧|剧情|游戏|台词|书名|科普|小贴士|温馨提示|注意事项|须知|"
    r"公约|"
    r"教[员官]|讲师|学员|ppt|课件|讲义|幻灯|教材|演示|海报|展板"
)
# Words that may as well belong to the title of what bears the mark.
_TOPIC = re2.compile(
    r"培训|学习|宣传|警示|案例|通报|曝光|新闻|报道|提醒|承诺书|责任书|自查|排查|台账|清理|查处|"
    r"处分|违规|违法"
)
# Stories of other people or times, and things that only look like a mark.
_STORY = re2.compile(
    r"当年|那年|以前|从前|年代|[他她]们?(?:说|讲|问|写|把|教)|爷爷|奶奶|老板|师傅|老\p{Han}(?:讲|说)|"
    r"剧里|剧组|道具|展柜|展厅|展品|博物馆|网上卖|[咸闲]鱼|假(?:公文|的|证|文件)|骗子|贴纸|[三四五几]个字|"
    r"选[a-d](?:[^a-z0-9]|$)|扣.{0,2}分|定密责任人|定密权限|权限|评论区|博主|主播|打印店|应标在"
)
_CASE = re2.compile(
    r"某(?:单位|局|县|市|人|干部|科|镇|处|公司)|[\p{Han}]某|被(?:通报|处分|抓|开除|约谈|查|拘|判|"
    r"免|警告|罚|问责|辞退)|"
    r"泄密案|媒体|披露|被判|真事|讲了个|被带走|撤职|群主被|据(?:报道|悉|通报|了解)|法院|警方|间谍|违规(?:扫描|拍摄|拍照|转发|传输|外传|"
    r"上传|处理|发)|间接泄露"
)
_LAW = re2.compile(
    r"保密法|第[一二三四五六七八九十百零\d]{1,5}[条款项章]|条例规定|依照|依法|根据.{0,20}(?:规定|"
    r"办法|条例)|"
    r"法律责任|刑法|实施条例|管理办法|暂行办法|应当(?:标|注|在)|机关、单位|定密|解密|"
    r"保密期限(?:为|是|一般|不超过|由|届满)"
)
_QUESTION = re2.compile(r"[??]|吗|呢[。!]?$|什么|怎么|如何|是不是|能不能|可不可以|请问|有没有|哪")
_ASKED = re.compile(
    r"^.{0,10}(?:[??]|吗)|什么意思|对不对|怎么(?:标|写|理解)|是不是(?:标|写)|^.{0,6}是(?:什么|啥)"
)
_REMINDER = re2.compile(
    r"(?:严禁|不得|禁止|请勿|切勿|不要|不能|不可|不准|不许|杜绝|严防|防止|避免|谨防|"
    r"一律)[^。!?;\n]{0,24}?"
    r"(?:涉密|国家秘密|工作秘密|敏感信息|内部|机密|秘密|绝密|标有|带有|标着)|"
    r"(?:涉密|国家秘密|工作秘密|商业秘密|敏感信息)[^。!?;\n]{0,20}?(?:不上网|不得|严禁|不要|不能|"
    r"禁止|一律)|"
    r"凡是?.{0,12}(?:标|带|印|写|盖)|如果?(?:看到|收到|发现|遇到)"
)

# Signs that the writer has the thing in hand and passes it on.
_HANDED_BEFORE = re.compile(
    r"(?:(?:查收|附件[是为]?|请传阅|请审阅|请看|发你了?|刚收到的?)[^。!?;\n]{0,4}|[→➡↓⬇] ?)$"
)
_IN_HAND = re2.compile(
    r"这[份个张页本件]|此[件文表图]|本[件文表图]|手[里头上]|附件|附上|刚(?:收到|拿到|印)|扫描件|"
    r"抬头|题头|页眉|正文|发(?:一下|给大家|你)|"
    r"我(?:们|处|科|局|这)?(?:拍|发|打|起草|这)|给(?:大家|各位|你们)|全文如下|转给|请(?:查收|审阅|"
    r"传阅)|如下|见图|见附"
)
_SPEAKER = re2.compile(
    r"^ ?[\p{Han}a-z0-9]{1,10}(?:科|部|处|室|局|办|委|组|院|中心|公司|支队|大队|主任|科长|处长|"
    r"局长|书记|老师|经理|秘书):"
)
_TITLE = re2.compile(
    r"^[\])】》]? ?的?(?:《[^》\n]{2,40}》|[\p{Han}]{0,30}?(?:方案|报告|通知|通报|纪要|请示|批复|"
    r"函|名单|情况|计划|汇总|台账|"
    r"意见|总结|清单|预案|材料|图|表|建议|部署|安排|统计|数据|讲话|决定|简报))"
)

_TITLE_BEFORE = re.compile(
    r"(?:[\u3400-\u9fff)\]】》](?:  +|\t *)|(?:表|方案|报告|通知|通报|纪要|请示|批复|函|名单|清单|"
    r"预案|意见|决定|材料|图|台账|汇总) +)$"
)


def is_harmless_talk(text: Normalized, start: int, end: int, level: Discourse) -> bool:
    """Return True if the sentence speaks about such words instead of bearing them as a mark.

    ``near`` looks only at what the hit is grammatically tied to, ``broad`` at the whole sentence.
    A hit that has a line to itself is never talk.
    """
    if level == "none" or stands(text, start, end, ("line",)):
        return False
    folded = text.folded
    low, high = sentence(text, start, end)
    before, after = folded[low:start], folded[end:high]
    if _once(text, is_read_out, before, after) and not _once(text, _is_rule, before, after):
        return False
    if _once(text, _is_close_talk, before, after):
        return True
    near = folded[slice(*near_line(text, start, end))]
    if _once(text, _is_quiz, near):
        return True
    if level == "near":
        return False
    if stands(text, start, end, ("start", "edge")) or _ends_title(before, after):
        return bool(_ASKED.search(after))
    return _once(text, _fills, before, after)


def _ends_title(before: str, after: str) -> bool:
    """Return True if the hit ends its line, set off by blanks from a title."""
    return not after.strip() and bool(_TITLE_BEFORE.search(before))


def _once(text: Normalized, ask: Callable[..., bool], *about: str) -> bool:
    """Ask the same about the same words of a text but once."""
    key = (ask, about)
    answer = text.cache.talk.get(key)
    if answer is None:
        answer = text.cache.talk[key] = ask(*about)
    return answer


def _is_rule(before: str, after: str) -> bool:
    around = before + " " + after
    return any(p.search(around) for p in (_REMINDER, _LAW))


def _is_quiz(line: str) -> bool:
    return bool(_QUIZ.search(line))


def _is_close_talk(before: str, after: str) -> bool:
    """Return True if the words are English talk, or have the hit as their object."""
    return is_english_talk(before, after) or _is_tied(
        before, after, in_hand=_has_in_hand(before, after)
    )


def _is_tied(before: str, after: str, *, in_hand: bool) -> bool:
    close = before[-_NEAR:]
    if _EXAMPLE_BEFORE.search(close) or _TIED_AFTER.search(after[:_NEAR]):
        return True
    if _NAMED_BEFORE.search(close) and not in_hand:
        return True
    if _QUOTED_BEFORE.search(close) and after[:1] in _QUOTES_CLOSE and not in_hand:
        return True
    if before[-1:] in _QUOTES_OPEN:
        if _QUOTED_AFTER.match(after):
            return True
        # In quotation marks amid a sentence, the words are spoken of.
        alone = not before.strip(" \"'「『")
        if not alone and _MENTIONED.match(after) and not in_hand:
            return True
    return bool(_SEEN_BEFORE.search(close) and _SEEN_AFTER.search(after)) and not in_hand


def _has_in_hand(before: str, after: str) -> bool:
    """Return True if the writer passes on the thing itself, not a story of another's."""
    around = before + " " + after
    return bool(_IN_HAND.search(around)) and not any(
        p.search(around) for p in (_QUESTION, _CASE, _REMINDER, _INVENTED)
    )


def _fills(before: str, after: str) -> bool:
    """Return True if the sentence as a whole is talk; a title behind the mark is no part of it."""
    if _HANDED_BEFORE.search(before[-_NEAR:]):
        return False
    around = before + " " + after
    if any(p.search(around) for p in (_QUESTION, _CASE, _REMINDER)):
        return True
    if _IN_HAND.search(around):
        return False
    own = _SPEAKER.sub("", before)
    title = _TITLE.search(after)
    rest = own + " " + (after[title.end() :] if title else after)
    return any(p.search(rest) for p in (_TEACHING, _LAW, _TOPIC, _STORY))
