"""The word that was meant, where a misspelt one is near a known one.

Invariant: pure; nothing is suggested that is not among the known words.
"""

from collections.abc import Iterable


def near_word(word: str, known: Iterable[str]) -> str:
    """The known word nearest to one that is not known; empty where none is near."""
    from difflib import get_close_matches

    by_lower = {name.lower(): name for name in known}
    found = get_close_matches(word.lower().replace("_", "-"), by_lower, n=1, cutoff=0.6)
    return by_lower[found[0]] if found else ""


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A hint that names it; empty where no word is near."""
    near = near_word(word, known)
    return f"did you mean {near}?" if near else ""
