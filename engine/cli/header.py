"""The product's header, as the menu and a chat show it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from rich.text import Text

_LINES: Final = (
    r"  _  _                   ",
    r" | || | __ _  ___  __ _  ",
    r" | || |/ _` |/ __|/ _` | ",
    r" | || | (_| |\__ \ (_| | ",
    r" |_||_|\__,_||___/\__,_| ",
)
_COLOURS: Final = ("bright_cyan", "cyan", "bright_blue", "blue", "magenta")
SUBTITLE: Final = "every word as it was said"


def header(subtitle: str = SUBTITLE) -> Text:
    """Return the header with a line under it; it is colourless where the terminal is."""
    from rich.text import Text

    text = Text(no_wrap=True)
    for line, colour in zip(_LINES, _COLOURS, strict=True):
        text.append(f"{line.rstrip()}\n", style=f"bold {colour}")
    return text.append(f" {subtitle}\n", style="dim")
