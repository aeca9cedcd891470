"""Invented office texts, and invented keywords that clean texts do not contain."""

from __future__ import annotations

import random
from collections.abc import Sequence

KEYWORDS = 10_000
_SUBJECTS = ("综合科", "项目组", "档案室", "各处室", "值班同事", "信息中心", "后勤组", "人事科")
_ACTS = (
    "请在本周五下班前把上半年的工作总结交到办公室汇总",
    "明天上午九点在三楼会议室开例会，请提前十分钟到场",
    "下周一组织消防演练，听到铃声后请按指示牌有序撤离",
    "打印机已经修好，需要彩印的同事可以到二楼文印室",
    "年度体检的时间定下来了，名单贴在一楼公告栏",
    "新的考勤系统今天上线，第一次登录请修改初始口令",
)
_TAILS = (
    "有问题随时在群里说，谢谢大家配合。",
    "如果时间有冲突，请提前和负责人联系。",
    "具体安排以通知为准，收到请回复。",
    "材料模板已经放在共享文件夹里了。",
)
_FIRST = "青松云海长风明月赤霞苍岭玄武紫薇碧波银河"
_SECOND = "龙虎鹰鹤雁鹿鲸狮豹隼桥塔港湾洲岛峰谷泉溪"
_LAST = ("项目", "工程", "计划", "方案", "系统", "平台", "课题", "专项")
_MARKS = ("机密★10年", "秘密★5年", "内部资料 注意保存")


def keywords(count: int = KEYWORDS) -> list[str]:
    """Return that many different invented code names, such as 青隼七四计划."""
    rng, found = random.Random(1), dict[str, None]()
    digits = "〇一二三四五六七八九"
    while len(found) < count:
        number = rng.choice(digits) + rng.choice(digits)
        name = rng.choice(_FIRST) + rng.choice(_SECOND) + number + rng.choice(_LAST)
        found[name] = None
    return list(found)


def clean(rng: random.Random) -> str:
    """Return an office text of 50 to 110 characters without a hit."""
    text = f"{rng.choice(_SUBJECTS)}的同事：{rng.choice(_ACTS)}。"
    while len(text) < 55:
        text += rng.choice(_ACTS) + "；"
    return text + rng.choice(_TAILS) + f"（第{rng.randint(1, 999)}期）"


def leaking(rng: random.Random) -> str:
    """Return an office text with a mark of state secrets."""
    return f"{rng.choice(_SUBJECTS)}：这份材料标的是机密★10年，{clean(rng)}"


def mixed(rng: random.Random, names: Sequence[str], share: float) -> str:
    """Return a text that leaks with a chance of ``share``: half marks, half a group's keyword."""
    if rng.random() >= share:
        return clean(rng)
    secret = rng.choice(_MARKS) if rng.random() < 0.5 else rng.choice(names)
    return f"{secret}：{clean(rng)}"
