"""The texts that people read, in English and in Korean, from one catalogue.

A key is ``"topic.name"``; each topic is a file in ``en/`` and one of the same name in ``ko/``, with a dictionary
`MESSAGES` from names to format strings. A topic is loaded when it is first asked for.

>>> text("perceptron.more", "en", count=3)
'… and 3 more updates'
>>> text("perceptron.more", "ko", count=3)
'… 그 밖에 갱신 3번'
"""

from __future__ import annotations

from chainrule.messages.catalogue import keys, text
from chainrule.messages.language import LANGUAGES, language, set_language

__all__ = ["LANGUAGES", "keys", "language", "set_language", "text"]
