"""Leaks: a grammar for each pack."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator

from scripts.labelled_lines import values as v

Rng = random.Random
LEVELS = ["机密", "秘密", "绝密", "機密", "祕密", "絕密", "机 密", "秘　密"]
STARS = ["★", "★", "★", "☆", "⭐", " ★ ", "✯", "＊", "*"]
TERMS = ["1年", "3年", "5年", "10年", "20年", "6个月", "三年", "五年", "十年", "长期", " 10 年"]
EVENTS = ["公布前", "会议开始前", "方案印发前", "2030年12月31日", "解密前"]
SUBJECTS = [
    "关于{topic}的请示", "关于{topic}的通知", "{topic}工作方案", "{topic}情况汇总", "{topic}名单",
    "{topic}会议纪要", "关于做好{topic}的函", "{topic}问题清单", "{topic}测算表",
]  # fmt: skip
TOPICS = [
    "机构调整", "应急力量部署", "专项督查", "人员调配", "年度预算", "重点工程布局", "干部考察",
    "征地补偿", "案件查处", "招商底价", "岗位竞聘", "巡察整改", "项目评审", "安保值守", "管网改造",
]  # fmt: skip
ORGANS = ["清河市人民政府", "云岭县委", "青山区财政局", "江湾镇人民政府", "龙泉市教育局"]
ABBREVIATIONS = ["清政发", "云委办", "青财预", "江政", "龙教函", "清应急"]
BRACKETS = ["〔{}〕", "[{}]", "［{}］", "【{}】", "（{}）", "[{}】"]


def subject(rng: Rng) -> str:
    """Return a document's title."""
    return rng.choice(SUBJECTS).format(topic=rng.choice(TOPICS))


def mark(rng: Rng) -> str:
    """Return a state-secret mark."""
    return rng.choice(LEVELS) + rng.choice(STARS) + rng.choice(TERMS + EVENTS)


def cn_marking(rng: Rng) -> str:
    """Return a text with a state-secret or commercial mark."""
    number = f"{rng.randint(1, 99):06}"
    forms: list[Callable[[], str]] = [
        lambda: mark(rng),
        lambda: f"{mark(rng)}\n{subject(rng)}",
        lambda: f"{number}\n{mark(rng)}\n特急\n{rng.choice(ORGANS)}文件",
        lambda: f"{subject(rng)}（{mark(rng)}）",
        lambda: f"【{mark(rng)}】{subject(rng)}",
        lambda: f"请查收{mark(rng)}的{rng.choice(TOPICS)}材料",
        lambda: f"密级：{rng.choice(['机密', '秘密', '绝密', '机密级'])}\n{subject(rng)}",
        lambda: f"附件：{mark(rng)} {subject(rng)}",
        lambda: rng.choice(["核心", "普通"]) + f"商密▲{rng.choice(['3年', '长期'])} {subject(rng)}",
        lambda: f"{rng.choice(['公司机密', '商业秘密'])} 请勿外传\n{subject(rng)}",
        lambda: rng.choice(["秘密", "绝密"]) + f"★{rng.choice(['启用前', '考试结束前'])}\n数学试题",
    ]
    return rng.choice(forms)()


def work_secret(rng: Rng) -> str:
    """Return a text with an internal or work-secret mark."""
    noun = rng.choice(["资料", "文件", "材料", "事项", "参阅", "参考", "使用"])
    keep = rng.choice(["注意保存", "注意保密", "注意保管", "阅后收回", "妥善保管"])
    ban = rng.choice(["不得外传", "请勿外传", "严禁外传", "严禁转发", "不得翻印", "切勿外泄"])
    way = rng.choice(["严禁通过微信等社交媒体传播", "禁止通过微信、QQ传播"])
    gap = rng.choice([" ", "　", "，", "·", ""])
    forms: list[Callable[[], str]] = [
        lambda: f"内部{noun}{gap}{keep}",
        lambda: f"内部{noun}{gap}{ban}\n{subject(rng)}",
        lambda: f"（内部{noun}，{ban}）{subject(rng)}",
        lambda: f"【内部{rng.choice(['资料', '文件', ''])}】{subject(rng)}",
        lambda: f"{subject(rng)}（内部{rng.choice(['参阅', '资料', '文件'])}）",
        lambda: f"工作秘密{gap}{ban}\n{subject(rng)}",
        lambda: f"【工作秘密】{subject(rng)}",
        lambda: f"{rng.choice(['此件', '本材料', '该名单', '以上内容'])}{ban}",
        lambda: f"内部 {way}\n{subject(rng)}",
        lambda: f"{ban}\n{subject(rng)}",
        lambda: f"密级：{rng.choice(['内部', '工作秘密', '内部资料'])}\n{subject(rng)}",
        lambda: f"（此件不公开）\n{subject(rng)}",
    ]
    text = rng.choice(forms)()
    return text.replace("严禁转发\n", "严禁外传\n").replace("不得翻印\n", "严禁翻印\n")


def cn_document(rng: Rng) -> str:
    """Return an official document without a secrecy mark."""
    organ, year = rng.choice(ORGANS), rng.choice(BRACKETS).format(2026)
    number = f"{rng.choice(ABBREVIATIONS)}{year}{rng.randint(1, 120)}号"
    topic = rng.choice(TOPICS)
    date = f"2026年{rng.randint(1, 12)}月{rng.randint(1, 28)}日"
    body = "各有关单位：\n现将有关事项通知如下。"
    forms = [
        f"{organ}文件\n{number}\n关于做好{topic}工作的通知\n{body}\n{organ}\n{date}",
        f"特急\n{organ}文件\n{number}\n关于{topic}的意见\n{body}",
        f"{organ}\n{number}\n签发人：陆远\n关于{topic}的请示\n市人民政府：\n妥否，请批示。",
        f"{number}\n关于{topic}的批复\n青河区教育局：\n经研究，同意你局意见。\n{organ}\n{date}\n抄送：市审计局。",
        f"{organ}办公室文件\n{number}\n关于印发{topic}方案的通知\n{body}\n{organ}办公室 {date}印发",
    ]
    return rng.choice(forms)


def identity_cn(rng: Rng) -> str:
    """Return a text with a person's number."""
    who = rng.choice(["张三", "李梅", "王建国", "赵敏", "刘洋"])
    number, phone, bank = v.resident_id(rng), v.mobile(rng), v.card(rng)
    forms = [
        f"{who} {number}",
        f"请登记身份证号：{number}",
        f"身份证{number[:6]} {number[6:14]} {number[14:]}",
        f"{who}的证件号码{number}，电话{phone}",
        f"联系电话：{phone}",
        f"{who}手机{phone[:3]}-{phone[3:7]}-{phone[7:]}",
        f"+86 {phone[:3]} {phone[3:7]} {phone[7:]}",
        f"{who} 工资卡号 {bank}",
        f"请打款到银行卡 {' '.join(bank[i : i + 4] for i in range(0, 19, 4))} 户名{who}",
        f"护照号码 E{v.run(rng, 8, v.DIGITS)}",
        f"港澳通行证 C{v.run(rng, 8, v.DIGITS)}",
        f"统一社会信用代码：{v.credit_code(rng)}",
        f"车主{who} 车牌粤B{v.run(rng, 5, v.DIGITS)}",
    ]
    return rng.choice(forms)


def identity_world(rng: Rng) -> str:
    """Return a text with a number of another place."""
    area = rng.choice([n for n in range(1, 899) if n != 666])
    forms = [
        f"HKID: {v.hong_kong_id(rng)}",
        f"香港身份证{v.hong_kong_id(rng)}",
        f"台湾身份证 {v.taiwan_id(rng)}",
        f"SSN: {area:03}-{rng.randint(1, 99):02}-{rng.randint(1, 9999):04}",
        f"IBAN {v.iban(rng)}",
        f"Passport number: {rng.choice('ABCKLX')}{v.run(rng, 7, v.DIGITS)}",
    ]
    return rng.choice(forms)


def credential(rng: Rng) -> str:
    """Return a text with a key or a password."""
    forms = [
        f"https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key={v.uuid(rng)}",
        f"https://oapi.dingtalk.com/robot/send?access_token={v.run(rng, 64, v.HEX)}",
        f"SEC{v.run(rng, 64, v.HEX)}",
        f"https://open.feishu.cn/open-apis/bot/v2/hook/{v.uuid(rng)}",
        f"飞书 app_secret: {v.run(rng, 32)}",
        f"SecretId=AKID{v.run(rng, 32)}",
        f"accessKeyId LTAI5t{v.run(rng, 18)}",
        f"阿里云 AccessKeySecret: {v.run(rng, 30)}",
        f"华为云SK：{v.run(rng, 40)}",
        f"ALTAK{v.run(rng, 21)}",
        f"{rng.randint(10**9, 9 * 10**9)}:AA{v.run(rng, 33)}",
        f"ghp_{v.run(rng, 36)}",
        f"glpat-{v.run(rng, 20)}",
        f"sk-{v.run(rng, 48)}",
        f"AIza{v.run(rng, 35)}",
        f"xoxb-{v.run(rng, 11, v.DIGITS)}-{v.run(rng, 12, v.DIGITS)}-{v.run(rng, 24)}",
        f"npm_{v.run(rng, 36)}",
        f"sk_live_{v.run(rng, 24)}",
        f"Authorization: Bearer {v.web_token(rng)}",
        v.private_key(rng),
        f"mysql://root:{v.run(rng, 10)}@10.0.0.{rng.randint(2, 250)}:3306/oa",
        f"redis://:{v.run(rng, 12)}@10.0.0.{rng.randint(2, 250)}:6379/0",
        f"jdbc:mysql://10.1.1.8/oa?user=root&password={v.run(rng, 8)}7",
        f"OA账号 zhangsan 密码：{v.password(rng)}",
        f"服务器口令是 {v.password(rng)}",
        f"WiFi密码 {v.password(rng)}",
        f"密码已改为{v.password(rng)}",
        f"password={v.password(rng)}",
    ]
    return rng.choice(forms)


GRAMMARS: dict[str, Callable[[Rng], str]] = {
    "cn-markings": cn_marking,
    "work-secrets": work_secret,
    "cn-documents": cn_document,
    "identity-cn": identity_cn,
    "identity-world": identity_world,
    "credentials": credential,
}


def lines(seed: int, each: int) -> Iterator[tuple[str, str]]:
    """Yield (pack, text): ``each`` different ones for every pack."""
    for pack, grammar in GRAMMARS.items():
        rng = random.Random(f"{seed}/{pack}")
        seen: set[str] = set()
        while len(seen) < each:
            text = grammar(rng)
            if text not in seen:
                seen.add(text)
                yield pack, text
