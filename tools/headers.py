"""Reads wok's public headers into items (functions, macros, types, constants) with their comments.

The headers keep one layout, which the formatter and tools/docs.py --check enforce: a declaration
follows its comment without an empty line. This is not a C parser, and need not be one.
"""
import re

FIELDS = ("Returns", "Checkpoint", "Threads")
# "limit:      text": the text stands in column 12, or one blank behind a longer name.
FIELD = re.compile(r"([a-z_]\w*(?:, [a-z_]\w*)*|%s): +" % "|".join(FIELDS))
CHECKPOINTS = ("always", "never", "shielded")


class Comment:
    """A comment as paragraphs of text, plus the fields of a /** contract."""

    def __init__(self, raw=""):
        self.contract = raw.startswith("/**")
        lines = [re.sub(r"^\s*\*( |$)", "", line)
                 for line in re.sub(r"^/\*+|\*/$", "", raw).splitlines()]
        self.text, self.fields = [], {}
        field = None
        for line in (line.rstrip() for line in lines):
            m = FIELD.match(line) if self.contract else None
            if m and len(m.group(0)) == max(12, len(m.group(1)) + 2):
                field = m.group(1)
                self.fields[field] = line[len(m.group(0)):]
            elif field and line.startswith(" "):
                self.fields[field] += " " + line.strip()
            else:
                field = None
                self.text.append(line)
        while self.text and not self.text[0]:
            self.text.pop(0)
        while self.text and not self.text[-1]:
            self.text.pop()

    def params(self):
        return [(k, v) for k, v in self.fields.items() if k not in FIELDS]

    def blocks(self):
        """("text" or "code" or "item", its lines joined) for each paragraph of the text."""
        out = []
        for line in self.text + [""]:
            if not line:
                out.append(None)
            elif line.startswith("    "):
                if out and out[-1] and out[-1][0] == "code":
                    out[-1] = ("code", out[-1][1] + "\n" + line[4:])
                else:
                    out.append(("code", line[4:]))
            elif line.startswith("- "):
                out.append(("item", line[2:]))
            elif out and out[-1] and out[-1][0] != "code":
                out[-1] = (out[-1][0], out[-1][1] + " " + line.strip())
            else:
                out.append(("text", line))
        return [block for block in out if block]

    def summary(self):
        """The first sentence."""
        text = next((t for kind, t in self.blocks() if kind == "text"), "")
        return re.split(r"(?<=\.)\s", text, maxsplit=1)[0].rstrip(".:")


class Item:
    """kind is function, macro (called like a function), block (an upper-case macro with
    parameters), constant, type or text (a comment that stands alone)."""

    def __init__(self, kind, name, code, comment, line):
        self.kind, self.name, self.code, self.line = kind, name, code, line
        self.comment = comment
        self.inline = code.startswith("static inline")
        self.helper = self.inline and name.endswith("_auto")    # what a cleanup attribute names
        self.auto = False       # a type that WOK_AUTO can release

    def parameters(self):
        inside = re.search(r"\b%s\((.*)\)" % re.escape(self.name), self.code, re.DOTALL)
        return set(re.findall(r"\w+", inside.group(1))) if inside else set()


def _take_define(text, at):
    end = at
    while True:
        end = text.find("\n", end)
        if end < 0:
            return len(text)
        if text[end - 1] != "\\":
            return end
        end += 1


def _take_declaration(text, at):
    """Up to the semicolon at depth zero, or the brace that ends an inline function's body."""
    depth = 0
    inline = text.startswith("static inline", at)
    for i in range(at, len(text)):
        if text.startswith("/*", i):        # a comment's braces do not count, but are rare
            continue
        if text[i] in "{(":
            depth += 1
        elif text[i] in "})":
            depth -= 1
            if inline and depth == 0 and text[i] == "}":
                return i + 1
        elif text[i] == ";" and depth == 0:
            return i + 1
    return len(text)


def _classify(code):
    """(kind, name) of a declaration, or (None, None) for what is nobody's business."""
    plain = re.sub(r"/\*.*?\*/", "", code, flags=re.DOTALL)
    if plain.startswith("typedef"):
        m = (re.search(r"\}\s*(?:WOK_\w+\s*)*(\w+)\s*;$", plain) or re.search(r"\(\*(\w+)\)\s*\(", plain) or
             re.search(r"(\w+)\s*\([^()]*\)\s*;$", plain) or re.search(r"(\w+)\s*;$", plain))
        return "type", m.group(1) if m else None
    m = re.match(r"(?:enum|struct|union)\s*(\w*)\s*\{", plain)
    if m:
        first = re.search(r"\{\s*(\w+)", plain)
        return "type", m.group(1) or (first.group(1) if first else None)
    if re.match(r"(?:struct|enum|union)\s+\w+\s*;$", plain):
        return None, None
    m = re.search(r"\b(wok_\w+)\s*\(", plain)
    return ("function", m.group(1)) if m else (None, None)


def _define_kind(code):
    m = re.match(r"#define\s+(\w+)(\(?)", code)
    name, has_parameters = m.group(1), bool(m.group(2))
    if name.startswith("WOK__") or name.startswith("wok__") or name.endswith("_H"):
        return None, name
    if not has_parameters or re.match(r"#define \w+\([^()]*\) __attribute__", code):
        return "constant", name
    return ("macro" if name.startswith("wok_") else "block"), name


def read(path):
    """The items of a header, in its order."""
    with open(path, encoding="utf-8") as f:
        text = f.read()
    items, comment, comment_end, at = [], None, -1, 0

    def line_of(position):
        return text.count("\n", 0, position) + 1

    def attached(position):
        nonlocal comment
        above = comment if comment and text[comment_end:position].strip() == "" and \
            text.count("\n", comment_end, position) == 1 else None
        if above is None and comment:
            flush()
        comment = None
        return above or Comment()

    def flush():
        if comment and comment.text and "SPDX-License-Identifier" not in comment.text[0]:
            items.append(Item("text", None, "", comment, line_of(comment_end)))

    while at < len(text):
        if text[at].isspace():
            at += 1
        elif text.startswith("/*", at):
            flush()
            end = text.index("*/", at) + 2
            comment, comment_end, at = Comment(text[at:end]), end, end
        elif text[at] == "#":
            end = _take_define(text, at)
            if text.startswith("#define", at):
                kind, name = _define_kind(text[at:end])
                above = attached(at)
                if kind:
                    items.append(Item(kind, name, text[at:end], above, line_of(at)))
            at = end
        elif text.startswith(("WOK_BEGIN_DECLS", "WOK_END_DECLS", "WOK_DEFINE_AUTO"), at):
            end = text.find("\n", at)
            m = re.match(r"WOK_DEFINE_AUTO\((\w+)\)", text[at:end])
            for item in items:
                item.auto |= bool(m) and item.kind == "type" and item.name == m.group(1)
            at = end
        else:
            end = _take_declaration(text, at)
            kind, name = _classify(text[at:end])
            above = attached(at)
            if kind and name and not name.startswith("wok__"):
                items.append(Item(kind, name, text[at:end], above, line_of(at)))
            at = max(end, at + 1)
    flush()
    return items


def problems(path, items):
    """What the comments lack, as lines FILE:LINE: sentence."""
    for item in items:
        place = "%s:%d: %s" % (path, item.line, item.name)
        if item.kind in ("type", "block") and not item.comment.text:
            yield "%s has no comment: say what it is" % place
        callable_ = item.kind in ("function", "macro")
        if not callable_ or item.helper:
            continue
        if not item.comment.contract:
            yield "%s has no /** contract */ above it" % place
            continue
        if not item.comment.text:
            yield "%s: the contract does not say what it does" % place
        for field in FIELDS:
            if not item.comment.fields.get(field):
                yield '%s: the contract lacks "%s:"' % (place, field)
        word = re.match(r"\w*", item.comment.fields.get("Checkpoint", "")).group(0)
        if word and word not in CHECKPOINTS:
            yield "%s: Checkpoint is always, never or shielded, not \"%s\"" % (place, word)
        for names, _ in item.comment.params():
            for name in re.split(r",\s*", names):
                # A macro's "..." is the last parameter: a literal in it may have commas.
                if name not in item.parameters() and "..." not in item.code:
                    yield "%s: the contract names %s, which is no parameter" % (place, name)
