"""Where everything stands on a screen of any size: pure arithmetic, no Kivy, one file per screen.

Boxes count pixels from the top left. A *unit* is one hundredth of the shorter side, so that a
screen twice as large shows everything twice as large; what is touched is also measured in
millimetres of the real glass.
"""
