"""Rectangles, and how they are cut up."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle: its left and top edge, width and height, in pixels."""

    left: float
    top: float
    width: float
    height: float

    @property
    def right(self) -> float:
        """The right edge."""
        return self.left + self.width

    @property
    def bottom(self) -> float:
        """The bottom edge."""
        return self.top + self.height

    def inset(self, across: float, along: float | None = None) -> Box:
        """The box with a margin taken off left and right, and above and below."""
        down = across if along is None else along
        return Box(self.left + across, self.top + down, self.width - 2 * across, self.height - 2 * down)

    def overlaps(self, other: Box) -> bool:
        """Whether the two have any area in common."""
        return (
            self.left < other.right - 0.5
            and other.left < self.right - 0.5
            and self.top < other.bottom - 0.5
            and other.top < self.bottom - 0.5
        )

    def holds(self, other: Box) -> bool:
        """Whether the other lies within."""
        return (
            self.left <= other.left + 0.5
            and self.top <= other.top + 0.5
            and self.right >= other.right - 0.5
            and self.bottom >= other.bottom - 0.5
        )

    def columns(self, count: int, gap: float) -> tuple[Box, ...]:
        """The box cut into equal columns."""
        width = (self.width - gap * (count - 1)) / count
        return tuple(Box(self.left + n * (width + gap), self.top, width, self.height) for n in range(count))

    def rows(self, count: int, gap: float) -> tuple[Box, ...]:
        """The box cut into equal rows."""
        height = (self.height - gap * (count - 1)) / count
        return tuple(Box(self.left, self.top + n * (height + gap), self.width, height) for n in range(count))

    def cut_top(self, height: float, gap: float = 0) -> tuple[Box, Box]:
        """The box cut across: the upper part of this height, and the rest below a gap."""
        return (
            Box(self.left, self.top, self.width, height),
            Box(self.left, self.top + height + gap, self.width, self.height - height - gap),
        )

    def cut_bottom(self, height: float, gap: float = 0) -> tuple[Box, Box]:
        """The box cut across: what is left above a gap, and the lower part of this height."""
        return (
            Box(self.left, self.top, self.width, self.height - height - gap),
            Box(self.left, self.bottom - height, self.width, height),
        )

    def cut_left(self, width: float, gap: float = 0) -> tuple[Box, Box]:
        """The box cut along: the left part of this width, and the rest beyond a gap."""
        return (
            Box(self.left, self.top, width, self.height),
            Box(self.left + width + gap, self.top, self.width - width - gap, self.height),
        )

    def cut_right(self, width: float, gap: float = 0) -> tuple[Box, Box]:
        """The box cut along: what is left before a gap, and the right part of this width."""
        return (
            Box(self.left, self.top, self.width - width - gap, self.height),
            Box(self.right - width, self.top, width, self.height),
        )

    def middle(self, width: float, height: float) -> Box:
        """A box of this size in the middle of this one."""
        return Box(self.left + (self.width - width) / 2, self.top + (self.height - height) / 2, width, height)
