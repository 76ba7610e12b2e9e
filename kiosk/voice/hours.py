"""The hours in which nothing is spoken, in China time wherever the machine believes to be."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, time

from pad.model import CHINA_TIME


@dataclass(frozen=True, slots=True)
class Span:
    """A part of the day, the first minute in it and the last not; over midnight if it ends earlier.

    One that ends when it begins is the whole day.
    """

    begins: time
    ends: time

    @classmethod
    def of(cls, text: str) -> Span:
        """From ``"21:00-07:00"``.

        :raises ValueError: naming what was found
        """
        begins, dash, ends = text.partition("-")
        try:
            if dash:
                return cls(time.fromisoformat(begins), time.fromisoformat(ends))
        except ValueError:
            pass
        raise ValueError(f'quiet hours: found {text!r}; hours and minutes such as "21:00-07:00" are needed')

    def has(self, moment: time) -> bool:
        """Whether this time of day is in it."""
        if self.begins < self.ends:
            return self.begins <= moment < self.ends
        return moment >= self.begins or moment < self.ends


@dataclass(frozen=True, slots=True)
class QuietHours:
    """All the spans of a day in which the pad is silent."""

    spans: tuple[Span, ...] = ()

    @classmethod
    def of(cls, texts: Iterable[str]) -> QuietHours:
        """From the setting.

        :raises ValueError: naming the first span that is none
        """
        return cls(tuple(Span.of(text) for text in texts))

    def has(self, now: datetime) -> bool:
        """Whether it is quiet now; ``now`` knows its time zone."""
        moment = now.astimezone(CHINA_TIME).time()
        return any(span.has(moment) for span in self.spans)
