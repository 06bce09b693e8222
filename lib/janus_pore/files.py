"""Files: checksums, writes that are whole or absent, and YAML read strictly."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from .errors import ConfigError, JanusPoreError, RunError


def sha256(path: Path) -> str:
    """SHA-256 of a file, as hex; empty if there is no such file."""
    if not Path(path).is_file():
        return ""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_text(path: Path, text: str) -> Path:
    """Write `text` (UTF-8) as `write_bytes` does."""
    return write_bytes(path, text.encode())


def write_bytes(path: Path, content: bytes) -> Path:
    """Write `content` so that `path` holds either what it held or all of the new."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".tmp")
    with writing(part):
        part.write_bytes(content)
        settle(part, path)
    return path


def settle(part: Path, path: Path) -> None:
    """Give a finished file its name, so that it is whole there even if the power fails next."""
    synced(part)
    os.replace(part, path)
    synced(path.parent)


def synced(path: Path) -> None:
    """Wait until the disk has a file, or the names in a directory (which not every file system can say)."""
    number = os.open(path, os.O_RDONLY)
    try:
        os.fsync(number)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):
            raise
    finally:
        os.close(number)


@contextmanager
def writing(part: Path) -> Iterator[None]:
    """Where a file cannot be written, say which (an OSError of a full disk does not), and leave no half of it."""
    try:
        yield
    except OSError as error:
        part.unlink(missing_ok=True)
        raise OSError(error.errno or 0, error.strerror or str(error), error.filename or str(part)) from error


def write_json(path: Path, content: Any) -> Path:
    """Write JSON atomically; NaN and infinity are refused (ValueError)."""
    return write_text(path, json.dumps(content, indent=1, allow_nan=False) + "\n")


class Record(BaseModel):
    """What a JSON file has to hold for those who read it: keys, and values of which type; it may hold more."""

    model_config = ConfigDict(strict=True)


def read_json(
    path: Path, remedy: str, kind: type[BaseModel], fault: type[JanusPoreError] = RunError
) -> dict[str, Any]:  # fmt: skip
    """The mapping in a JSON file; a `fault` with the remedy if a crash cut it short, or it is not of the `kind`."""
    content = path.read_bytes()
    try:
        kind.model_validate_json(content)
        return json.loads(content)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where, what = ".".join(map(str, first["loc"])), first["msg"][0].lower() + first["msg"][1:]
        raise fault(f"{path} is damaged: {remedy} ({f'{where}: ' if where else ''}{what})") from error


_NUMBERS = ("tag:yaml.org,2002:int", "tag:yaml.org,2002:float")


class _StrictLoader(yaml.SafeLoader):
    """`yaml.SafeLoader` that refuses a key given twice, and numbers that YAML 1.1 takes for others."""

    def construct_scalar(self, node: yaml.ScalarNode) -> Any:
        """A scalar; `0300` would be read as 192 (to base 8), `1:30` as 90 (to base 60)."""
        written = super().construct_scalar(node)
        if node.tag in _NUMBERS and re.search(r"^[-+]?0[0-9_]+$|:", written):
            raise yaml.constructor.ConstructorError(
                None, None, f"{written} would be read as another number (to base 8 or 60): write it as a decimal, "
                "without leading zeros and colons, or as text in quotes", node.start_mark,
            )  # fmt: skip
        return written

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict:
        seen = set()
        for key_node, _ in node.value:
            if not isinstance(key_node, yaml.ScalarNode) or key_node.tag == "tag:yaml.org,2002:merge":
                continue  # a merge, or a key that the base class refuses
            key = self.construct_object(key_node, deep=True)
            if key in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key '{key}' is given twice; keep one of them", key_node.start_mark
                )
            seen.add(key)
        return super().construct_mapping(node, deep)


def read_yaml(path: Path) -> dict[str, Any]:
    """The mapping in a YAML file (safe tags only, no key twice, numbers as decimals); ConfigError otherwise."""
    try:
        data = yaml.load(Path(path).read_text(encoding="utf-8"), Loader=_StrictLoader)  # noqa: S506 (a SafeLoader)
    except FileNotFoundError:
        raise ConfigError(f"{path}: no such scale file. Use one of config/*.yml or copy one of them.") from None
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:  # an impossible date is a ValueError
        raise ConfigError(f"{path}: not readable as YAML: {error}") from error
    if not isinstance(data, dict):
        raise ConfigError(f"{path}: expected a mapping of sections, found {type(data).__name__}")
    return data
