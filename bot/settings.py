"""Settings from ``config/shoukou.toml`` and the environment; the environment wins."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Final, Literal, get_args
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
)

from bot.errors import ConfigurationError

_CONFIG = "SHOUKOU_CONFIG"
_TABLES = ("supervision", "groups", "keywords")


def _shipped_config() -> Path:
    """Return the folder of the settings that come along: `config/`, or its copy in a wheel."""
    package = Path(__file__).resolve().parent
    installed = package / "defaults"
    return installed if installed.is_dir() else package.parent / "config"


CONFIG_FOLDER = _shipped_config()
Role = Literal["reviewer", "custodian", "policy", "auditor"]
Part = Literal["feed", "worker", "console"]
PARTS: Final[tuple[Part, ...]] = get_args(Part)
MAX_PORT = 65535


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class SupervisorSettings(_Strict):
    """A person who may decide cases."""

    id: int
    name: str = Field(default="", repr=False)
    roles: tuple[Role, ...] = ("reviewer",)


class SupervisionSettings(_Strict):
    """Where cases are announced, and who decides them."""

    chat: int | None = None
    people: tuple[SupervisorSettings, ...] = ()


class GroupSettings(_Strict):
    """A group designated in advance."""

    id: int
    policy: str = "standard"
    department: str = Field(default="", repr=False)
    language: str | None = None
    keywords: tuple[str, ...] = Field(default=(), repr=False)
    keywords_file: Path | None = None
    contact: str = Field(default="", repr=False)


class Settings(BaseSettings):
    """Everything that can be set; see docs/operators.md for the list."""

    model_config = SettingsConfigDict(
        env_prefix="SHOUKOU_", env_ignore_empty=True, extra="forbid", frozen=True
    )

    token: SecretStr | None = None
    api_url: str = "https://api.telegram.org"
    data: Path = Path("data")
    config: Path = Path("config/shoukou.toml")
    database_url: SecretStr | None = None
    redis_url: SecretStr | None = None
    keys: Path | None = None
    console: str = "127.0.0.1:8080"
    webhook_url: str | None = None
    language: Literal["zh-CN", "en"] = "zh-CN"
    timezone: str = "Asia/Shanghai"
    organisation: str = ""
    contact: str = Field(default="", repr=False)
    keywords: tuple[str, ...] = Field(default=(), repr=False)
    keywords_file: Path | None = None
    matcher: Literal["daachorse", "pyahocorasick"] = "daachorse"
    ocr_engine: Literal["rapid", "tesseract"] = "rapid"
    ocr_workers: int = Field(default=1, ge=1, le=64)
    supervision: SupervisionSettings = SupervisionSettings()
    groups: tuple[GroupSettings, ...] = ()
    retention_days: int = Field(default=180, ge=1, le=36500)
    log_format: Literal["text", "json"] = "text"

    @field_validator("timezone")
    @classmethod
    def _is_timezone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ValueError, OSError, ZoneInfoNotFoundError):
            raise ValueError("no such time zone; for example Asia/Shanghai") from None
        return name

    @field_validator("console")
    @classmethod
    def _is_address(cls, address: str) -> str:
        port = address.rpartition(":")[2]
        if not (port.isascii() and port.isdigit() and int(port) <= MAX_PORT):
            raise ValueError(f"not host:port with a port of 0 to {MAX_PORT}")
        return address

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return env_settings, init_settings

    def resource(self, name: str) -> Path:
        """Find a file or folder beside the settings' file, else among those that come along."""
        own = self.config.parent / name
        return own if own.exists() else CONFIG_FOLDER / name

    @property
    def allow_list(self) -> Path:
        """The file of what is known to be harmless; it need not exist."""
        return self.config.parent / "allowlist.toml"

    @property
    def keyword_files(self) -> dict[int | None, Path]:
        """The files of terms by group; None's is the organisation's, for all of them."""
        named: dict[int | None, Path | None] = {g.id: g.keywords_file for g in self.groups}
        named[None] = self.keywords_file
        return {
            group: self.config.parent / file for group, file in named.items() if file is not None
        }

    @property
    def required_token(self) -> SecretStr:
        """The token; ConfigurationError without one."""
        if self.token is None:
            raise ConfigurationError(
                "no token is set",
                where="SHOUKOU_TOKEN",
                mend="get one from @BotFather, or try the rehearsal: python -m bot rehearse",
            )
        return self.token

    @property
    def keys_folder(self) -> Path:
        """The folder that holds the keys."""
        return self.keys or self.data / "keys"

    @property
    def is_embedded(self) -> bool:
        """True if the database is a file that one process works on."""
        return self.database.startswith("sqlite")

    @property
    def database(self) -> str:
        """The database's address, for SQLAlchemy."""
        if self.database_url is not None:
            return self.database_url.get_secret_value()
        return f"sqlite+aiosqlite:///{self.data / 'shoukou.db'}"


def load_settings(path: Path | None = None) -> Settings:
    """Read the settings; raise ConfigurationError with each fault's place.

    Without ``path``, ``SHOUKOU_CONFIG`` or ``config/shoukou.toml`` is read, if it exists.
    """
    named = path or (Path(os.environ[_CONFIG]) if _CONFIG in os.environ else None)
    file = named or Path("config/shoukou.toml")
    if named is not None and not file.is_file():
        raise ConfigurationError("the file does not exist", where=str(file))
    try:
        values = tomllib.loads(file.read_text("utf-8")) if file.is_file() else {}
        return Settings(**{**values, "config": file})
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError("not valid TOML: {error}", where=str(file), error=error) from None
    except SettingsError:
        # A list or table in the environment is written as JSON; the library does not say which.
        raise ConfigurationError(
            "a list or a table in the environment is not valid JSON",
            where=", ".join(_set_in_environment(_TABLES)),
            mend="write it into {file} instead",
            file=file,
        ) from None
    except ValidationError as error:
        faults = "; ".join(_fault(e["loc"], e["msg"], file) for e in error.errors())
        raise ConfigurationError("these settings are wrong: {faults}", faults=faults) from None


def _fault(place: tuple[int | str, ...], message: str, file: Path) -> str:
    """Return where a wrong value is, as the environment or the file names it, and its fault."""
    variable = next(iter(_set_in_environment(place[:1])), "")
    inner = ".".join(map(str, place[1:] if variable else place))
    message = message.removeprefix("Value error, ")
    return ": ".join(part for part in (variable or str(file), inner, message) if part)


def _set_in_environment(names: Iterable[int | str]) -> list[str]:
    given = {name.upper(): name for name in os.environ}
    wanted = (f"SHOUKOU_{name}".upper() for name in names)
    return [given[name] for name in wanted if name in given]
