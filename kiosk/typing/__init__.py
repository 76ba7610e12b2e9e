"""Typing a comment: what keys do to a text (pure), and what Pinyin may mean (libpinyin)."""
