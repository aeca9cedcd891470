"""Words whose boundary falls inside a listed term: 手机|密码 is no 机密."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

# For each short term: a pattern of texts in which the term is an accident. The term's place in
# the accident is marked by the group `hit`.
_ACCIDENTS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "机密": (
            r"(?:手|飞|司|主|本|真|单|电|耳|相|商|开|关|时|有|无|随|投影|打印|计算|考勤|取款|售货|"
            r"门禁|路由|交换|服务|录像|投票|收银|刷卡|对讲|发动|洗衣|扫描|复印|一体|游戏|虚拟|密码|"
            r"保险|终端|伺服|拖拉|收音|照相|摄像|动|危|契|投|乘|生|微)(?P<hit>机密)(?!件|文|级|★|☆)",
            r"(?P<hit>机密)(?:码|集|封(?!件)|钥|度|布|谋|闭|切|室逃)",
            r"(?P<hit>机密)计算",
        ),
        "秘密": (r"(?P<hit>秘密)(?:花园|武器|基地|情人|森林|交往)",),
        "绝密": (
            r"(?:杜|拒|隔|谢|断|灭|回|禁|超|卓|根|弃)(?P<hit>绝密)(?!级|件|文|★|☆)",
            r"(?P<hit>绝密)(?:闭|封(?!件)|集|切|不透|接触|码)",
        ),
        "内部": (
            r"(?:国|室|境|市|年|以|之|院|区|县|省|期|日|月|场|体|州|城|海|关|屋|楼|车)(?P<hit>内部)"
            r"(?:分|署|队|门|委|件|位|落|族|首)",
            r"(?P<hit>内部)(?:分(?!享|工|配|红|析|类|发)|署)",
        ),
        "涉密": (r"(?:交|干|牵|跋|远)(?P<hit>涉密)(?:谈|度|切|林|集)",),
        "密件": (r"(?:加|保|精|机要)(?P<hit>密件)",),
        "商密": (r"(?:协|经|磋|厂|电)(?P<hit>商密)(?:切|集|谈|封)",),
        "密级": (r"(?:精|紧|稠|周)(?P<hit>密级)",),
    }
)


class Collisions:
    """Recognises places where a term's characters belong to other words."""

    def __init__(self, accidents: Mapping[str, tuple[str, ...]] = _ACCIDENTS) -> None:
        self._patterns = {
            term: tuple(re.compile(p) for p in patterns) for term, patterns in accidents.items()
        }

    def is_accident(self, text: str, start: int, end: int) -> bool:
        """Return True if ``text[start:end]`` is only a piece of the words around it."""
        patterns = self._patterns.get(text[start:end])
        if patterns is None:
            return False
        window = text[max(0, start - 4) : end + 4]
        at = start - max(0, start - 4)
        return any(m.start("hit") == at for p in patterns for m in p.finditer(window))
