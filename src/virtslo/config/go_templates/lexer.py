"""From a template's text to tokens, as text/template cuts it.

Invariant: every token has its line; white space inside an action is a token, because it separates
arguments; literal text is trimmed where a marker says so.
"""

import re
from collections.abc import Generator, Iterator
from typing import Final, NamedTuple

from virtslo.config.go_templates.problems import TemplateProblem, shorten

SPACE: Final = " \t\r\n"
KEYWORDS: Final = frozenset(
    ("block", "break", "continue", "define", "else", "end", "if", "range", "template", "with")
)
_NUMBER: Final = re.compile(
    r"[+-]?(?:0[xX][0-9a-fA-F_]*(?:\.[0-9a-fA-F_]*)?(?:[pP][+-]?[0-9_]*)?"
    r"|0[oO][0-7_]*(?:\.[0-7_]*)?|0[bB][01_]*(?:\.[01_]*)?"
    r"|[0-9_]*(?:\.[0-9_]*)?(?:[eE][+-]?[0-9_]*)?)i?"
)
_STRING: Final = re.compile(r'"(?:[^"\\\n]|\\[^\n])*"')
_CHARACTER: Final = re.compile(r"'(?:[^'\\\n]|\\[^\n])*'")
_WORD: Final = re.compile(r"\w+")
_SPACES: Final = re.compile(r"[ \t\r\n]+")


class Token(NamedTuple):
    """A piece of a template: what it is, its text, its line."""

    kind: str
    text: str
    line: int


def tokens(text: str) -> Iterator[Token]:
    """Every token of a template, the last of kind `end of text`. Raises TemplateProblem."""
    position, line, trim = 0, 1, False
    while True:
        start = text.find("{{", position)
        literal = text[position:] if start < 0 else text[position:start]
        lines = literal.count("\n")
        if trim:
            literal = literal.lstrip(SPACE)
        if start < 0:
            if literal:
                yield Token("text", literal, line)
            yield Token("end of text", "", line + lines)
            return
        position, marked = start + 2, _trims_before(text, start + 2)
        if marked:
            literal = literal.rstrip(SPACE)
            position += 2
        if literal:
            yield Token("text", literal, line)
        line += lines
        if text.startswith("/*", position):
            position, trim = _comment(text, position, line)
            line += text.count("\n", start, position)
            continue
        if marked:
            position -= 1  # the white space of the marker is part of the action
        position, trim = yield from _action(text, position, line)
        line += text.count("\n", start, position)


def _trims_before(text: str, at: int) -> bool:
    return text[at : at + 1] == "-" and text[at + 1 : at + 2] in tuple(SPACE)


def _closes(text: str, at: int) -> tuple[int, bool] | None:
    """Where an action that closes here ends, and whether what follows is trimmed."""
    if text.startswith("}}", at):
        return at + 2, False
    if text[at : at + 1] in tuple(SPACE) and text.startswith("-}}", at + 1):
        return at + 4, True
    return None


def _comment(text: str, at: int, line: int) -> tuple[int, bool]:
    end = text.find("*/", at + 2)
    closed = None if end < 0 else _closes(text, end + 2)
    if closed is None:
        raise TemplateProblem(line, "a comment that is not closed", "*/}}")
    return closed


def _action(text: str, at: int, line: int) -> Generator[Token, None, tuple[int, bool]]:
    """The tokens of one action and its end; returns where it ends."""
    depth = 0
    start_line, start = line, at
    yield Token("{{", "{{", line)
    while True:
        line = start_line + text.count("\n", start, at)
        closed = _closes(text, at)
        if closed is not None:
            if depth:
                raise TemplateProblem(line, "a ( that is not closed", "a )")
            yield Token("}}", "}}", line)
            return closed
        if at >= len(text):
            raise TemplateProblem(line, "an action that is not closed or not understood", "{{ … }}")
        spaces = _SPACES.match(text, at)
        if spaces is not None:
            end = spaces.end()
            if text.startswith("-}}", end):
                end -= 1
            if end > at:
                yield Token("space", " ", line)
            at = end
            continue
        token, at = _token(text, at, line)
        depth += (token.kind == "(") - (token.kind == ")")
        if depth < 0:
            raise TemplateProblem(line, "a ) without its (", "a (")
        yield token


def _token(text: str, at: int, line: int) -> tuple[Token, int]:
    character = text[at]
    following = text[at + 1 : at + 2]
    if character in "=|(),":
        return Token(character, character, line), at + 1
    if text.startswith(":=", at):
        return Token(":=", ":=", line), at + 2
    if character in "\"`'":
        return _quoted(text, at, line)
    if character == "$" or (character == "." and not ("0" <= following <= "9")):
        return _name(text, at, line)
    if character in "+-." or "0" <= character <= "9":
        return _number(text, at, line)
    word = _WORD.match(text, at)
    if word is None or not _is_word(word[0]):
        raise TemplateProblem(line, shorten(text[at:]), "an expression")
    if not _ends_word(text, word.end()):
        raise TemplateProblem(line, shorten(text[at : word.end() + 1]), "an expression")
    kind = word[0] if word[0] in KEYWORDS else "word"
    if word[0] in ("true", "false", "nil"):
        kind = "constant"
    return Token(kind, word[0], line), word.end()


def _is_word(text: str) -> bool:
    """Whether Go takes every character for a letter or a digit: ² and Ⅷ are neither there."""
    return text.isascii() or all(one == "_" or one.isalpha() or one.isdecimal() for one in text)


def _ends_word(text: str, at: int) -> bool:
    return at >= len(text) or text[at] in " \t\r\n.,|:)(" or text.startswith("}}", at)


def _name(text: str, at: int, line: int) -> tuple[Token, int]:
    """A field such as .x, the dot, or a variable such as $x."""
    kind = "field" if text[at] == "." else "variable"
    word = _WORD.match(text, at + 1)
    end = at + 1 if word is None else word.end()
    if not _ends_word(text, end) or not _is_word(text[at + 1 : end]):
        raise TemplateProblem(line, shorten(text[at : end + 1]), "a name")
    if word is None and kind == "field":
        kind = "dot"
    return Token(kind, text[at:end], line), end


def _number(text: str, at: int, line: int) -> tuple[Token, int]:
    match = _NUMBER.match(text, at)
    end = at if match is None else match.end()
    after = text[end : end + 1]
    if match is None or _WORD.match(after) or after in ("+", "-") or match[0].endswith("i"):
        raise TemplateProblem(line, shorten(text[at : end + 1]), "a number")
    return Token("number", match[0], line), end


def _quoted(text: str, at: int, line: int) -> tuple[Token, int]:
    if text[at] == "`":
        end = text.find("`", at + 1)
        if end < 0:
            raise TemplateProblem(line, "a ` that is not closed", "a `")
        return Token("raw", text[at + 1 : end].replace("\r", ""), line), end + 1
    pattern, kind = (_STRING, "string") if text[at] == '"' else (_CHARACTER, "character")
    match = pattern.match(text, at)
    if match is None:
        raise TemplateProblem(line, f"a {text[at]} that is not closed", f"a {text[at]}")
    return Token(kind, match[0], line), match.end()
