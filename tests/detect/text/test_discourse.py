"""Talk about marks is left alone, in Chinese and in English; what bears a mark is found."""

import pytest

from bot.judging.checking import Checker, load_checker
from bot.settings import Settings


@pytest.fixture(scope="module")
def checker() -> Checker:
    settings = Settings()
    return load_checker(settings.resource("packs"), settings.resource("policies.toml"))


@pytest.mark.parametrize(
    "text",
    [
        "关于对嫌疑人周某实施监控的请示　　机密★3年",
        "违法违纪线索移送函 秘密★3年",
        "宣传科：这份材料标的是机密★10年，请大家看完就删",
        "附件标注为秘密★3年，请各处室阅",
        "各位，机密★5年《自查情况报告》见附件",
        "转发：机密★5年 关于学习贯彻会议精神的请示",
        "发一下机密★10年案例通报材料",
        "Here is the file marked 机密★10年 you asked for",
        "The attached report is 秘密★5年, please read and delete",
        "see attached SECRET//NOFORN brief",
        "Fwd: TLP:AMBER+STRICT - indicators from the incident",
    ],
)
def test_a_thing_in_hand_is_found(checker: Checker, text: str) -> None:
    assert checker.check_text(text).verdict.removes


@pytest.mark.parametrize(
    "text",
    [
        "never send files marked 机密★10年",
        'Reminder: documents marked "机密★10年" must not leave the building.',
        "Training tomorrow: how to read marks like 机密★10年",
        "If you receive anything stamped 绝密★长期, report it at once.",
        "He was fined for posting a document marked 机密★5年",
        "Do not forward documents marked SECRET//NOFORN",
        "TLP:AMBER items must not be shared outside the team",
        "NATO SECRET is the second highest level",
        "宣传科：严禁转发标有机密★10年的文件",
        "这份标着机密★10年的文件应该交到哪里？",
        "案例：张某将标为秘密★3年的方案发给朋友",
        "“机密★10年”里的★是什么",
        "“阅后收回”的文件要按时退",
        "请法务把合同里“严禁向第三方披露”那条改成双向的",
    ],
)
def test_talk_is_left_alone(checker: Checker, text: str) -> None:
    assert checker.check_text(text).verdict.effective == ()
