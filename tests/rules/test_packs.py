from pathlib import Path

import pytest

from bot.errors import ConfigurationError
from bot.judging.rule_examples import check_examples
from bot.rules.packs import MIN_EXAMPLES, load_pack, load_packs

FOLDER = Path(__file__).parents[2] / "config" / "packs"
PACKS = load_packs(FOLDER)
GOOD = """
title = { "zh-CN" = "测试", en = "test" }
[[rules]]
name = "one"
category = "identity"
severity = "medium"
description = { "zh-CN" = "含有甲", en = "contains A" }
keywords = ["a"]
pattern = 'a[0-9]'
positives = ["a1", "a2", "a3"]
negatives = ["a", "b", "c"]
"""


def test_every_rule_passes_its_own_examples() -> None:
    assert list(check_examples(PACKS)) == []


@pytest.mark.parametrize("name", sorted(PACKS.by_name))
def test_every_rule_is_complete(name: str) -> None:
    for rule in PACKS.by_name[name].rules:
        assert rule.id.startswith(f"{name}/")
        assert len(rule.positives) >= MIN_EXAMPLES
        assert len(rule.negatives) >= MIN_EXAMPLES
        assert rule.description["zh-CN"] != rule.description["en"]


@pytest.mark.parametrize(
    ("name", "old", "new", "message"),
    [
        ("not TOML", "[[rules]]", "[[rules]", "not valid TOML"),
        ("unknown key", "severity", "severty", "severty"),
        ("unknown severity", '"medium"', '"grave"', "severity"),
        ("no English", ', en = "contains A" }', "}", "description.en is missing"),
        ("too few examples", '"a1", "a2", "a3"', '"a1"', "too few examples"),
        ("nothing gates it", 'keywords = ["a"]', "", "nothing gates the pattern"),
        ("an ASCII edge", "a[0-9]", r"\ba[0-9]", r"uses \b, which sees only ASCII"),
        ("its remedy", "a[0-9]", r"a[0-9]\B", "use the field boundary"),
        ("a class within one", "a[0-9]", r"a[^\W]", "write the class without"),
        ("a bad name", '"one"', '"One!"', "name"),
    ],
)
def test_a_mistake_is_reported_with_its_place(
    tmp_path: Path, name: str, old: str, new: str, message: str
) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(GOOD.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ConfigurationError) as caught:
        load_pack(path)
    assert str(path) in str(caught.value)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("pattern", "message"), [("a(", "not valid RE2"), ("(?=a)", "not valid RE2")]
)
def test_an_invalid_pattern_is_reported_with_its_rule(
    tmp_path: Path, pattern: str, message: str
) -> None:
    (tmp_path / "mine.toml").write_text(GOOD.replace("a[0-9]", pattern), encoding="utf-8")
    with pytest.raises(ConfigurationError, match=message) as caught:
        list(check_examples(load_packs(tmp_path)))
    assert "mine/one" in str(caught.value)


@pytest.mark.parametrize(
    ("pattern", "positives", "negatives"),
    [
        (r"a\w", ("a天", "aé", "a7"), ("a，", "a ", "a")),
        (r"a\d", ("a1", "a７", "a٣"), ("a一", "ab", "a")),
        (r"a[\w-]{2}", ("a天-", "a--", "a1é"), ("a天，", "a- ", "a")),
        (r"a\W", ("a，", "a ", "a★"), ("a天", "aé", "a1")),
    ],
)
def test_classes_match_letters_and_digits_of_all_scripts(
    tmp_path: Path, pattern: str, positives: tuple[str, ...], negatives: tuple[str, ...]
) -> None:
    text = GOOD.replace("a[0-9]", pattern).replace('"a1", "a2", "a3"', _listed(positives))
    text = text.replace('"a", "b", "c"', _listed(negatives))
    (tmp_path / "mine.toml").write_text(text, encoding="utf-8")
    assert list(check_examples(load_packs(tmp_path))) == []


def _listed(texts: tuple[str, ...]) -> str:
    return ", ".join(f'"{text}"' for text in texts)


def test_a_wrong_example_is_reported(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(GOOD.replace('"b", "c"', '"a4", "c"'), encoding="utf-8")
    (fault,) = check_examples(load_packs(tmp_path))
    assert (fault.rule_id, fault.text, fault.expected) == ("mine/one", "a4", False)


def test_lists_and_defaults_are_expanded(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(
        """
title = { "zh-CN" = "测试", en = "test" }
lists = { HOSTS = ["a.example", "b.example"] }
defaults = { category = "document", severity = "low", mask = "span" }
[[rules]]
name = "host"
description = { "zh-CN" = "含有甲", en = "contains A" }
keywords = ["@HOSTS@", "www"]
pattern = '@HOSTS@'
positives = ["a.example", "b.example", "see a.example"]
negatives = ["aXexample", "b", "c.example"]
""",
        encoding="utf-8",
    )
    packs = load_packs(tmp_path)
    assert list(check_examples(packs)) == []
    (rule,) = packs.rules(["mine"])
    assert rule.keywords == ("a.example", "b.example", "www")
    assert (rule.category, rule.severity.label, rule.extent) == ("document", "low", "span")


def test_the_packs_know_enough_formats_of_credentials() -> None:
    assert len(PACKS.rules(["credentials"])) >= 120


def test_an_unknown_pack_is_reported() -> None:
    with pytest.raises(ConfigurationError, match="known packs"):
        PACKS.rules(["nope"])
