"""The assumptions page, generated from the scale files: what the paper prints, what we chose, and between what."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..config import Scale
from .origins import CHOICES, NOTES, PROTOCOLS


def page(scales: Mapping[str, Scale], current: str) -> str:
    """The Markdown of the assumptions page: every parameter of every scale, the book's own scale marked."""
    names = sorted(scales, key=lambda name: (name != current, name))
    head = [f"{name} (this book)" if name == current else name for name in names]
    lines = [
        "# Assumptions",
        "",
        "Everything that decides a number in this book, generated from the files in `config/`. **Paper**: printed in",
        "the paper (a scale may still deviate, as its column shows). **Assumed**: our choice, and between what.",
    ]
    values = {name: parameters(scales[name]) for name in names}
    section = ""
    for key, (origin, note) in NOTES.items():
        place, parameter = key.split(".")
        if place != section:
            lines += ["```"] if section else []
            lines += [
                "",
                f"## {place.upper() if place == 'md' else place.capitalize()}",
                "",
                "```{div} full-width",
                f"| parameter | {' | '.join(head)} | |",
            ]
            lines += ["|---|" + "---|" * (len(names) + 1)]
            section = place
        row = " | ".join(f"{values[name][key]}" for name in names)
        lines.append(f"| `{parameter}` | {row} | **{origin.capitalize()}**: {note} |")
    lines += ["```", "", "## Protocols", "", "| kind | parameter | |", "|---|---|---|"]
    for key, (origin, note) in PROTOCOLS.items():
        kind, parameter = key.split(".")
        lines.append(f"| {kind} | `{parameter}` | **{origin.capitalize()}**: {note} |")
    lines += ["", "| scale | protocol | kind | parameters |", "|---|---|---|---|"]
    own = ("kind", "systems")
    for name in names:
        for label, protocol in scales[name].protocols.items():
            given = protocol.model_dump(exclude_none=True)
            given |= {f"md.{k}": v for k, v in given.pop("md", {}).items()}
            rest = ", ".join(f"{k} {v}" for k, v in given.items() if k not in own)
            systems = ", ".join(protocol.systems)
            lines.append(f"| {name} | {label} | {protocol.kind} | {rest}; systems: {systems} |")
    return "\n".join(lines) + "\n" + CHOICES


def parameters(scale: Scale) -> dict[str, Any]:
    """Every parameter as `section.key`; of the systems, the first one's."""
    first = next(iter(scale.systems.values()))
    sections = {
        "system": first, "md": scale.md, "equilibration": scale.equilibration, "ensemble": scale.ensemble,
        "engine": scale.engine, "analysis": scale.analysis, "barrier": scale.barrier,
    }  # fmt: skip
    return {
        f"{section}.{key}": getattr(model, key)
        for section, model in sections.items()
        for key in type(model).model_fields
    }
