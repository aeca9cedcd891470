"""Harmless lines that look like leaks, near every pack."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator

from scripts.labelled_lines import values as v
from scripts.labelled_lines.leaks import mark, subject

Rng = random.Random


def talk(rng: Rng) -> str:
    """Return talk about marks: teaching, law, quizzes, reminders, cases."""
    level, term = rng.choice(["机密", "秘密", "绝密"]), rng.choice(["5年", "10年", "长期"])
    forms = [
        f"例如“{level}★{term}”，左边是密级，右边是期限",
        f"标有“{level}★{term}”字样的文件不得用微信传输",
        f"国家秘密标志的形式为“密级★保密期限”，如{level}★{term}",
        f"选择题：{level}级国家秘密的期限一般不超过多少年？",
        f"判断题：文件上的“{mark(rng)}”可以涂掉再发。（ ）",
        f"通报：某干部将{level}级文件拍照发到微信群，受到处分",
        f"培训课上讲了{level}★{term}是什么意思",
        "标有“内部资料 注意保存”字样的材料不得拍照",
        f"请大家注意，{rng.choice(['内部文件', '工作秘密', '涉密文件'])}不得在群里转发",
        f"《保密法》规定{level}级最长{rng.choice(['三十', '二十', '十'])}年",
        f"自查：手机里有没有{level}文件、内部资料的照片",
        f"什么是{level}★{term}？考试会考吗",
        f"依照规定，{level}级文件应当标明密级和保密期限",
    ]
    return rng.choice(forms)


def numbers(rng: Rng) -> str:
    """Return numbers that are no personal ones."""
    number, bank = v.resident_id(rng), v.card(rng)
    wrong = number[:-1] + ("0" if number[-1] != "0" else "1")
    forms = [
        f"订单号 {wrong}",
        f"身份证 {number[:6]}********{number[-4:]}",
        f"手机 {v.mobile(rng)[:3]}****{v.run(rng, 4, v.DIGITS)}",
        f"快递单号 {v.mobile(rng)}",
        f"流水号 {v.run(rng, 20, v.DIGITS)}",
        f"卡号尾号 {bank[-4:]}",
        f"设备编号 {v.run(rng, 14, v.DIGITS)}",
        f"合同编号 HT-2026-{v.run(rng, 6, v.DIGITS)}",
        f"SF{v.run(rng, 13, v.DIGITS)} 已签收",
        f"坐标 {rng.uniform(20, 40):.6f},{rng.uniform(80, 120):.6f}",
        f"发票号码 {v.run(rng, 20, v.DIGITS)}",
        f"型号 E{v.run(rng, 8, v.DIGITS)}",
        f"时间戳 {rng.randint(1_600_000_000_000, 1_900_000_000_000)}",
        f"零件 {v.run(rng, 3, v.DIGITS)}-{v.run(rng, 2, v.DIGITS)}-{v.run(rng, 4, v.DIGITS)}",
    ]
    return rng.choice(forms)


def secrets(rng: Rng) -> str:
    """Return what looks like keys and passwords and is none."""
    forms = [
        f"commit {v.run(rng, 40, v.HEX)}",
        f"sha256:{v.run(rng, 64, v.HEX)}",
        f"traceId={v.run(rng, 32, v.HEX)}",
        f"uuid {v.uuid(rng)}",
        "密码：******",
        f"密码至少{rng.randint(6, 16)}位，含大小写字母",
        f"验证码 {v.run(rng, 6, v.DIGITS)}，{rng.randint(2, 10)}分钟内有效",
        f"提取码：{v.run(rng, 4, 'abcdefgh2345')}",
        f"会议号 {v.run(rng, 9, v.DIGITS)} 密码 {v.run(rng, 4, v.DIGITS)}",
        "ghp_" + "x" * 36,
        "api_key = os.environ['API_KEY']",
        "mysql://user:password@localhost/db",
        f"-----BEGIN CERTIFICATE-----\n{v.run(rng, 64)}\n{v.run(rng, 64)}",
        f"ssh-rsa AAAAB3NzaC1yc2E{v.run(rng, 120)} dev@host",
        f"md5: {v.run(rng, 32, v.HEX)}",
        f"token: <your-token-{rng.randint(1, 99)}>",
        "AKIAIOSFODNN7EXAMPLE",
        f"https://www.example.com/reset?code={v.run(rng, 8)}",
    ]
    return rng.choice(forms)


def documents(rng: Rng) -> str:
    """Return citations, public documents and plain notices."""
    number = f"某政办〔{rng.randint(2019, 2026)}〕{rng.randint(1, 120)}号"
    title = subject(rng)
    date = f"2026年{rng.randint(1, 12)}月{rng.randint(1, 28)}日"
    forms = [
        f"根据{number}文件精神，请各科室抓紧落实",
        f"请问{number}在哪里下载？",
        f"{title}\n{number}\n各有关单位：\n现将有关事项通知如下。\n（此件公开发布）\n{date}印发",
        f"关于开展读书活动的通知\n各科室：\n定于{date}举行读书活动，欢迎参加。\n工会\n{date}",
        f"{number}和{rng.randint(1, 99)}号文都归档了",
        f"会议通知：{date}上午九点，{rng.choice(['三楼', '五楼', '二楼'])}会议室，请准时",
        f"附件：{rng.choice(['报名表', '回执', '日程'])}，{date}前交",
        f"招标公告 项目编号：ZB〔2026〕{v.run(rng, 3, v.DIGITS)}号",
    ]
    return rng.choice(forms)


GRAMMARS: dict[str, Callable[[Rng], str]] = {
    "talk": talk,
    "numbers": numbers,
    "credential": secrets,
    "public": documents,
}


def lines(seed: int, each: int) -> Iterator[tuple[str, str]]:
    """Yield (family, text): ``each`` different ones for every family, or as many as there are."""
    for family, grammar in GRAMMARS.items():
        rng = random.Random(f"{seed}/{family}")
        texts = dict.fromkeys(grammar(rng) for _ in range(each * 4))
        yield from ((family, text) for text in list(texts)[:each])
