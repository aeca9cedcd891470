"""Draw the pictures of the rehearsal's sample day: run it to write them anew, byte for byte.

Everything in them is invented. Resident ID numbers have valid check digits, but county codes that
were never assigned, so that no living person can have one of them.
"""

from __future__ import annotations

import base64
from pathlib import Path

import numpy as np
from PIL import Image
from sample_drawing.paper import Document, draw
from sample_drawing.phone import photograph
from sample_drawing.screens import chat, menu, spreadsheet, terminal

TARGET = Path(__file__).parent.parent / "rehearsal/sample"
LIMIT = 120 * 1024  # bytes a picture may have in the repository
WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
ORIENTATION, ROTATE_90 = 0x0112, 6  # EXIF: to be shown turned by 90 degrees clockwise

PLAN = Document(
    copy_number="000012",
    mark="机密★10年",
    urgency="特急",
    heading="临江市数据事务局文件",
    number="临数〔2026〕17号",
    title=("关于做好青松工程数据中心", "搬迁保障工作的通知"),
    addressee="各科室、直属各单位：",
    body=(
        "根据青松工程总体安排，现就数据中心搬迁保障工作有关事项通知如下。",
        "一、搬迁分三批实施，第一批为三号机房核心设备，由综合科会同信息科负责，"
        "九月十二日零时开始，六时前完成。",
        "二、搬迁路线及备用路线见附件一，沿途值守由保卫科安排，人员名单另行通知。",
        "三、搬迁期间通信联络使用专用电话，不得使用手机谈论有关事项。",
        "四、各单位于九月八日前将联络员名单报综合科。",
    ),
    signature="临江市数据事务局",
    date="2026年9月1日",
)
SURVEY = Document(
    mark="秘密★5年",
    heading="临江市数据事务局",
    number="临数函〔2026〕42号",
    title=("关于报送蓝湖项目", "测量成果的函"),
    addressee="市规划事务中心：",
    body=(
        "贵中心《关于商请提供蓝湖项目测量成果的函》收悉。现将有关成果随函报送，请查收。",
        "一、控制点成果表一份，共三十二点，坐标系及高程基准见说明。",
        "二、一比二千地形图十二幅，图幅编号见附件。",
        "三、以上成果仅限本项目使用，用毕按规定退回我局资料室。",
        "联系人：信息科 周文，内线 6108。",
    ),
    signature="临江市数据事务局",
    date="2026年9月3日",
)
BUDGET = Document(
    mark="内部资料  注意保存",
    heading="临江市数据事务局办公室",
    number="临数办〔2026〕9号",
    title=("二〇二七年度信息化", "项目预算安排（讨论稿）"),
    addressee="各科室：",
    body=(
        "现将二〇二七年度信息化项目预算安排讨论稿印发给你们，请于本周五前反馈意见。",
        "一、政务云扩容，安排四百二十万元。",
        "二、档案数字化二期，安排一百八十万元。",
        "三、机房节能改造，安排九十六万元。",
        "四、培训及其他，安排三十万元。",
    ),
    signature="局办公室",
    date="2026年9月7日",
)
AGENDA = Document(
    heading="临江市数据事务局",
    number="第三季度安全生产例会",
    title=("会 议 议 程",),
    addressee="时间：9月10日上午9时　　地点：301会议室",
    body=(
        "一、传达学习安全生产工作会议精神。",
        "二、通报第三季度消防检查情况。",
        "三、各科室汇报办公区用电自查情况。",
        "四、讨论国庆期间值班安排。",
        "五、局领导讲话。",
        "请参会人员提前十分钟入场，并将手机调至静音。",
    ),
    signature="局办公室",
    date="2026年9月8日",
)


def resident_id(body: str) -> str:
    """Return 17 digits with their check character (ISO 7064 mod 11-2)."""
    total = sum(int(d) * w for d, w in zip(body, WEIGHTS, strict=True))
    return body + "10X98765432"[total % 11]


BODIES = ("11019919870312482", "32029919920605271", "44039919790918603", "51019919951124316",
          "33019919880730552", "42019919900215364")  # fmt: skip
NUMBERS = [resident_id(body) for body in BODIES]
NAMES = {
    "zh": ("周文", "孙丽", "何志远", "吴桂芳", "郑凯", "冯雪"),
    "en": ("Zhou Wen", "Sun Li", "He Zhiyuan", "Wu Guifang", "Zheng Kai", "Feng Xue"),
}


def roster(language: str) -> Image.Image:
    """Draw the staff table with six resident ID numbers."""
    zh = language == "zh"
    heads = ("姓名", "科室", "身份证号", "入职") if zh else ("Name", "Unit", "Resident ID", "Since")
    units = ("信息科", "综合科", "保卫科") if zh else ("IT", "General", "Security")
    rows = [
        (name, units[n % 3], number, str(2009 + n * 2))
        for n, (name, number) in enumerate(zip(NAMES[language], NUMBERS, strict=True))
    ]
    columns = list(zip(heads, (170, 140, 290, 120), strict=True))
    return spreadsheet("职工体检登记表.xlsx" if zh else "Medical check-up.xlsx", columns, rows)


def private_key(seed: int) -> Image.Image:
    """Draw a terminal that shows a private key of random bytes (no key at all)."""
    raw = np.random.default_rng(seed).bytes(48 * 8)
    body = base64.b64encode(raw).decode()
    white, green = "#d6dae4", "#8fd18a"
    lines = [
        (green, "ops@gateway:~$ cat deploy_key.pem"),
        (white, "-----BEGIN RSA PRIVATE KEY-----"),
    ]
    lines += [(white, body[n : n + 64]) for n in range(0, len(body), 64)]
    lines += [(white, "-----END RSA PRIVATE KEY-----"), (green, "ops@gateway:~$ _")]
    return terminal("ops@gateway: ~", lines)


def canteen(language: str) -> Image.Image:
    """Draw the canteen's menu."""
    if language == "zh":
        parts = (
            ("热菜", ("红烧排骨", "清蒸鲈鱼", "番茄炒蛋", "蒜蓉西兰花")),
            ("凉菜", ("拍黄瓜", "皮蛋豆腐", "凉拌木耳")),
            ("主食", ("米饭", "葱油拌面", "白菜猪肉水饺")),
            ("汤水", ("紫菜蛋花汤", "绿豆汤", "时令水果")),
        )
        return menu("本周食堂菜单", "周三 · 午餐 11:30 – 13:00", parts)
    parts = (
        ("Hot", ("Braised ribs", "Steamed perch", "Tomato and egg", "Broccoli")),
        ("Cold", ("Cucumber salad", "Tofu salad", "Wood ear")),
        ("Staples", ("Rice", "Scallion noodles", "Dumplings")),
        ("Soups", ("Seaweed soup", "Mung bean soup", "Fruit")),
    )
    return menu("Canteen", "Wednesday · Lunch 11:30 – 13:00", parts)


def passed_on(language: str) -> Image.Image:
    """Draw a chat in which somebody gives a bank card number."""
    card = "6217009988776655442"
    if language == "zh":
        return chat("差旅报销群", (
            ("孙丽", "各位，上周出差的报销单我今天统一交。", False),
            ("郑凯", "好的，发票已经放你桌上了。", False),
            ("我", "收到，我的也放过去了", True),
            ("孙丽", "郑凯，你的银行卡号发我一下，财务要登记。", False),
            ("郑凯", f"卡号：{card}，开户行是临江支行", False),
            ("我", "好的", True),
        ))  # fmt: skip
    return chat("Travel expenses", (
        ("Sun Li", "I hand in last week's travel forms today.", False),
        ("Zheng Kai", "Good, my receipts are on your desk.", False),
        ("Me", "Mine too, thanks", True),
        ("Sun Li", "Kai, Finance wants your bank card number.", False),
        ("Zheng Kai", f"Card number: {card}, Linjiang branch", False),
        ("Me", "Fine", True),
    ))  # fmt: skip


def write(name: str, picture: Image.Image, *, turned: bool = False) -> int:
    """Write a JPEG as good as the limit allows; ``turned`` stores it sideways with EXIF 6."""
    options: dict[str, object] = {}
    if turned:
        picture = picture.transpose(Image.Transpose.ROTATE_90)
        exif = Image.Exif()
        exif[ORIENTATION] = ROTATE_90
        options["exif"] = exif.tobytes()
    path = TARGET / f"{name}.jpg"
    for quality in range(88, 30, -4):
        picture.save(path, "JPEG", quality=quality, optimize=True, **options)
        if path.stat().st_size <= LIMIT:
            return path.stat().st_size
    raise ValueError(f"{name} does not fit into {LIMIT} bytes")


def main() -> None:
    """Write all pictures and print their sizes."""
    TARGET.mkdir(parents=True, exist_ok=True)
    pictures = {
        "plan_photo": photograph(draw(PLAN, 1), 11),
        "budget_photo": photograph(draw(BUDGET, 3), 13, tilt=1.4, close=False),
        "agenda": photograph(draw(AGENDA, 4), 14, tilt=0.6),
        "terminal": private_key(5),
    }
    for language in ("zh", "en"):
        pictures[f"roster_{language}"] = roster(language)
        pictures[f"menu_{language}"] = photograph(canteen(language), 15, tilt=0.5, close=False)
        pictures[f"chat_{language}"] = passed_on(language)
    for name, picture in pictures.items():
        print(f"{name:14} {write(name, picture) / 1024:6.1f} KiB")
    sideways = photograph(draw(SURVEY, 2), 12, tilt=1.2)
    print(f"{'survey_turned':14} {write('survey_turned', sideways, turned=True) / 1024:6.1f} KiB")


if __name__ == "__main__":
    main()
