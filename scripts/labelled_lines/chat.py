"""Everyday office chat: harmless lines, many with words that also occur in marks."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Mapping

_WORDS = """
who: 小李 小王 老陈 张姐 刘工 王主任 赵科 孙处 Lily Kevin 大伟 阿明 周老师 何经理 小美 老吴 钱总
who: 郑哥
who2: 小李 小王 老陈 张姐 刘工 王主任 赵科 孙处 Lily Kevin 大伟 阿明 周老师 何经理 小美 老吴
who2: 钱总 郑哥
time: 今天下午 明早 周三上午 下周一 午休后 四点半 10:30 这周五 月底前 明天 晚上七点 节后 刚才
time: 半小时后
place: 三楼会议室 5号楼大厅 食堂二楼 地下车库 前台 打印室 一楼展厅 档案室 西门 值班室 机房
place: 资料室
dept: 综合科 财务部 人事处 信息中心 后勤 法务 工会 市场部 研发二组 宣传科 采购部 督查室
thing: 报表 PPT 合同 发票 会议纪要 采购清单 考勤表 宣传册 测试报告 需求文档 值班表 报名表 照片
thing: 海报
food: 火锅 麻辣烫 黄焖鸡 奶茶 咖啡 酸菜鱼 饺子 盒饭 烤鱼 包子 螺蛳粉 轻食
tool: 打印机 投影仪 空调 电梯 饮水机 扫描仪 路由器 门禁 复印机 视频会议 OA系统 邮箱 考勤机
fault: 卡纸了 连不上 又坏了 好慢 没反应 报错了 需要重启 在维修 登不上 掉线了
n: 2 3 5 8 12 15 20 30 46 100 238 1200
ok: 收到 好的 OK 没问题 了解 明白 谢谢 辛苦了 👍 马上 嗯嗯 可以
ask: 麻烦 请 辛苦 帮忙 方便的话 记得
mood: 哈哈 😂 [捂脸] ~ ！ 。 ... 🙏 哦 呀
topic: 季度总结 团建 年会 体检 消防演练 安全检查 迎检 招聘 培训 换届 植树 献血 运动会 调研
en: the_report the_slides our_budget the_invoice the_agenda a_new_laptop the_minutes
day: Monday Tuesday Thursday Friday tomorrow tonight
"""


def _slots() -> dict[str, list[str]]:
    """Return the words for each slot; an underscore stands for a blank."""
    slots: dict[str, list[str]] = {}
    for line in _WORDS.strip().splitlines():
        name, words = line.split(": ", 1)
        slots.setdefault(name, []).extend(word.replace("_", " ") for word in words.split())
    return slots


SLOTS: Mapping[str, list[str]] = _slots()
PLAIN = """
{who}，{thing}发你了，{ask}看一下{mood}
{time}在{place}开{topic}的会，{dept}派两个人
{ok}
{ok}，{time}给你
@{who} {thing}改好了吗
{tool}{fault}，谁会修{mood}
中午吃{food}吗？{n}个人
{ask}各科室{time}前把{thing}交到{place}
{who}今天请假，有事找{who2}
{topic}的{thing}一共{n}份，放{place}了
谁有{dept}的电话分机？
{time}停电，{ask}大家关好电脑
下雨了，{who}收一下窗户{mood}
快递到{place}了，{who}来拿一下
{n}号楼{tool}{fault}，已经报修
{topic}名单{time}截止，还没报的抓紧
{ask}把{thing}打印{n}份，双面
{who}生日快乐🎂
会议改到{time}，地点不变
谁的车堵了西门，{ask}挪一下
{thing}第{n}页有个错别字
这个{thing}模板谁有？发我一份
{food}到了，{place}自取{mood}
{dept}刚来电话，问{topic}的进度
昨晚比赛看了吗，{n}比{n}
今年{topic}定在{time}
{who}加班到几点？
OK，我{time}过去
在吗？问个事
周报别忘了，{time}前
电脑{fault}，IT在吗
{who}@{who2} 你俩{time}对一下{thing}
{place}的灯忘关了
{topic}照片已上传共享盘，自取
出差申请批了吗{mood}
报销单贴好了放{place}
{n}楼卫生间在修，请走{n}楼
{ask}填一下{topic}的问卷，{n}分钟就好
刚开完会，{thing}稍后发
{who}嗓子哑了，{topic}换人讲
今天{tool}升级，{time}恢复
早{mood}
下班了，明天见{mood}
{who}的工位搬到{place}了
接龙：{topic}报名 1.{who} 2.{who2}
{dept}要{n}个名额，谁去
这版{thing}客户不满意，要改第{n}稿
打车票{n}元，走{topic}经费
明天{n}度，多穿点
{ask}转告{who}，{thing}缺签字
""".strip().split("\n")
TRAPS = """
内部系统{fault}，{dept}在看了
{dept}内部先对一下{thing}
内部培训{time}开始，地点{place}
走内部流程，{time}能批下来
公司内部邮箱满了，清理一下
内部竞聘报名{time}截止
办公室内部装修，{place}绕行
密码忘了，{who}帮我重置一下
{tool}的密码是多少？
密码贴在{place}门后
WiFi密码换了，问{who}
验证码 {n}{n}{n}，别告诉别人
会议号 {n}{n} {n}{n}{n}，不用密码
保密协议签好交{who}
保密检查{time}来，把桌面收拾一下
{ask}大家把保密承诺书签了，交到{place}
保密培训{time}在{place}，不要迟到
请勿在群里发涉密内容，{ask}大家自觉
严禁在微信群传涉密文件，再提醒一次
发文件走内网，别用微信{mood}
这个先别外传{mood}
截图别外传，还没定
{who}，那份文件阅后放回{place}
文件传阅到{who}那了
{n}号文件收到了，{time}传达
涉密电脑报废找{dept}
保密柜钥匙在{who}那
机要件{time}去取
机密？就是{food}的配方{mood}
商业机密，不告诉你{mood}
我的减肥秘密：少吃{food}
{topic}绝密流程，哈哈
店里满{n}★好评送{food}
{food}那家★{n}年老店，推荐
五星★★★★★，{food}真不错
秘书处{time}要{thing}
公开招标公告{time}挂网
此件已办结，{who}归档
{ask}加急盖个章
特急！谁有充电器
{food}特急，饿了
请各单位按通知要求{time}报{thing}
关于{topic}的通知已经发OA了
看到〔2026〕{n}号文了吗，{topic}那个
把某政办〔2026〕{n}号打印一份给{who}
抄送{who}和{who2}就行
签发人那栏找{who}签
附件：{thing}.xlsx
身份证复印件{n}份，{time}交
带上身份证和{thing}，{place}集合
手机号报给{who}登记
总机转{n}{n}找{dept}
订单号 2026{n}{n}{n}{n}，{time}到
单号 SF{n}{n}{n}{n}{n}{n}，{who}签收
发票抬头问{dept}
工资卡换了的{time}前报{who}
银行{time}来办工资卡
资料仅供参考，以{dept}通知为准
名单以{dept}发布为准，请勿猜测
请勿转发未经证实的消息
班群信息请勿外传，谢谢配合
不要用图片转文字小程序处理文件，{dept}要求的
扫描全能王会员{fault}，换个扫描仪
文字识别{fault}，手打吧
""".strip().split("\n")
ENGLISH = """
{who}, can you send me {en} by {day}?
{en} is ready, please review
Meeting moved to {day} {n}:30
Lunch {day}? {food} again lol
FYI {en} is in the shared drive
{tool} is down, IT is on it
Please keep {en} confidential until {day}
It's an open secret that {who} brings {food}
what's the wifi password?
reset your password before {day}
thanks {who}!
ok {ok}
{who} is WFH {day}
@{who2} sync at {n}:00?
the top secret sauce is {food}
PR #{n}{n} merged, deploy {day}
build {n}.{n}.{n} failed on CI
this channel is for internal use, be nice
""".strip().split("\n")
MIXED = """
{who}，ppt的{n}页update一下，{day}要present
{thing}的deadline是{day}，别miss
这个bug我{time}fix，{who}帮忙review
约个meeting？{day} or {time}
{dept}的KPI {n}%，还OK
{food}走起，bill AA
email已发，cc了{who}和{who2}
server {fault}，restart试试
token过期了，重新login
API文档在wiki，{who}补一下
""".strip().split("\n")
HELD_OUT = """
{who}你那边{topic}弄完没
{place}没位置了，换{n}楼吧
谁订的{food}，没写名字{mood}
{time}领导要看{thing}，{who}先过一遍
我在{place}等你
{dept}的同事，{tool}借用一下
{thing}少了{n}份，{who}再印点
刚问了{dept}，说{time}才有结果
{topic}要穿正装吗
请大家给{topic}投票，选{n}号
门卡消磁了，找谁换
{who}，孩子好点没
公司内部论坛有人问{topic}
内部消息说{time}发{food}券{mood}
内部价买{food}找{who}
{dept}内部调整座位，{time}搬
开机密码太长记不住
手机密码锁屏了{mood}
保密员例会{time}，{who}去
保密自查表{time}交，没有也报零
涉密人员出国要审批，{who}记得
请不要把内部资料带回家
工作文件别往外发，{dept}又强调了
绝密彩蛋：片尾有{who}
这是秘密，嘘{mood}
本店★{n}年不打烊，{food}一绝
快看〔2026〕{n}号，放假安排来了
{topic}通知印发了吗
此件转{dept}办理
请{dept}阅处后退回{place}
用完{tool}请关电源
照片不要外传哦，{who}闭眼了{mood}
登记一下身份证和手机，{place}
社保卡{time}发
账号被锁，{who}解一下
口令输错{n}次就锁
测试环境密码问{who}
see you at {place} on {day}
{who} shared {en} with you
secret santa list is out
Can we make {en} public by {day}?
don't share your password with anyone
hotfix给{who}review过了，{time}上线
demo的data用假的就行
OCR的结果{who}校对一下
""".strip().split("\n")
_SLOT = re.compile(r"\{([a-z0-9]+)\}")


def fill(template: str, rng: random.Random) -> str:
    """Put a random word into every slot."""
    return _SLOT.sub(lambda m: rng.choice(SLOTS[m[1]]), template)


def lines(seed: int, count: int, *, held_out: bool = False) -> Iterator[str]:
    """Yield different lines; a fifth of them hold words that also occur in marks."""
    rng = random.Random(f"{seed}/chat/{held_out}")
    kinds = [HELD_OUT] if held_out else [PLAIN, PLAIN, PLAIN, TRAPS, ENGLISH, MIXED]
    seen: set[str] = set()
    while len(seen) < count:
        text = fill(rng.choice(rng.choice(kinds)), rng)
        if rng.random() < 0.15:
            text = fill(rng.choice(PLAIN), rng) + rng.choice(["\n", " ", "，"]) + text
        if text not in seen:
            seen.add(text)
            yield text
