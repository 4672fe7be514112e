#!/usr/bin/env python3
"""Builds the reference from the comments of the public headers.

usage: tools/docs.py HEADERS OUT        HTML pages into OUT, man pages into OUT/man/man3
       tools/docs.py --check HEADERS    only says what the comments lack

Fails if a public function lacks its contract or one of Returns, Checkpoint, Threads. Python's
standard library only; the pages need no network.
"""
import html
import os
import re
import sys

sys.dont_write_bytecode = True     # no __pycache__ in the tree
import headers  # noqa: E402

CSS = """
:root { --ink: #1c1b19; --paper: #fdfcfa; --soft: #6b665e; --line: #ddd8cf; --code: #f3f0ea;
        --link: #9a3412; --mark: #b45309; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e8e4dc; --paper: #191816; --soft: #a19a8d; --line: #3a3732; --code: #24221f;
          --link: #fdba74; --mark: #fbbf24; } }
* { box-sizing: border-box; }
body { margin: 0; color: var(--ink); background: var(--paper);
       font: 16px/1.55 system-ui, sans-serif; }
.page { display: flex; max-width: 76rem; margin: 0 auto; }
nav { flex: 0 0 15rem; padding: 1.5rem 1rem; font-size: .9rem; }
nav ul { list-style: none; padding: 0; margin: 0; }
nav li ul { margin: .2rem 0 .6rem .8rem; overflow-wrap: anywhere; }
main { flex: 1; min-width: 0; padding: 1.5rem; max-width: 57rem; }
a { color: var(--link); text-decoration: none; } a:hover { text-decoration: underline; }
h1 { font-size: 1.6rem; } h2 { font-size: 1.1rem; margin: 2.4rem 0 .5rem; padding-top: 1rem;
     border-top: 1px solid var(--line); }
h2 a { color: inherit; } h2 small { color: var(--soft); font-weight: normal; margin-left: .6rem; }
code, pre { font: .875em/1.5 ui-monospace, "DejaVu Sans Mono", monospace; tab-size: 8; }
pre { background: var(--code); padding: .7rem .9rem; border-radius: 4px; overflow-x: auto; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .2rem 1rem; margin: .8rem 0; }
dt { color: var(--soft); } dd { margin: 0; }
dt.f { color: var(--mark); }
@media (max-width: 48rem) {
  .page { display: block; } nav { padding-bottom: 0; } nav li ul { display: none; }
  nav > ul > li { display: inline-block; margin-right: .8rem; }
  dl { grid-template-columns: 1fr; gap: 0; } dd { margin: 0 0 .5rem 1rem; } }
"""

WORD = {"function": "function", "macro": "function-like macro", "block": "macro",
        "constant": "constant", "type": "type"}


class Book:
    """All headers, and where each name is explained."""

    def __init__(self, folder):
        self.pages = [(name, headers.read(os.path.join(folder, name)))
                      for name in sorted(os.listdir(folder)) if name.endswith(".h")]
        self.home = {item.name: name for name, items in self.pages for item in items if item.name}
        for _, items in self.pages:
            names = [item.name for item in items]
            # A feature test (C or C++) defines a name twice; the reader needs it once.
            items[:] = [item for i, item in enumerate(items)
                        if not item.name or item.name not in names[:i]]

    def functions(self):
        for name, items in self.pages:
            for item in items:
                if item.kind in ("function", "macro") and item.comment.contract:
                    yield name, item


# --- HTML -----------------------------------------------------------------------------------------

def page_of(header):
    return header.replace(".h", ".html")


def linked(book, text, here=None):
    """Escaped text in which every name of the library leads to its place."""
    def link(m):
        header = book.home.get(m.group(1))
        if not header or m.group(1) == here:
            return m.group(0)
        return '<a href="%s#%s">%s</a>' % (page_of(header), m.group(1), m.group(0))
    return re.sub(r"\b((?:wok|WOK)_\w+)(\(\))?", link, html.escape(text))


def prose(book, comment, here=None):
    out, in_list = [], False
    for kind, text in comment.blocks():
        if in_list != (kind == "item"):
            out.append("<ul>" if kind == "item" else "</ul>")
            in_list = kind == "item"
        form = {"text": "<p>%s</p>", "item": "<li>%s</li>", "code": "<pre>%s</pre>"}[kind]
        out.append(form % linked(book, text, here))
    return "\n".join(out + (["</ul>"] if in_list else []))


def code_of(item):
    """What is shown of a declaration: a macro's name and parameters, not what it hides."""
    if item.kind in ("macro", "block"):
        return re.match(r"#define\s+(\w+\(.*?\))", item.code, re.DOTALL).group(1)
    if item.inline:
        return item.code[:item.code.index("{")].strip() + ";"
    return item.code


def entry(book, item):
    if item.kind == "text":
        return prose(book, item.comment)
    out = ['<h2 id="%s"><a href="#%s">%s</a><small>%s</small></h2>' %
           (item.name, item.name, item.name, WORD[item.kind]),
           "<pre>%s</pre>" % linked(book, code_of(item), item.name),
           prose(book, item.comment, item.name)]
    if item.auto:
        out.append("<p>WOK_AUTO(%s) releases it at the end of the block.</p>" % item.name)
    rows = ["<dt%s>%s</dt><dd>%s</dd>" % (
        ' class="f"' if key in headers.FIELDS else "", key, linked(book, text, item.name))
        for key, text in item.comment.fields.items()]
    if rows:
        out.append("<dl>%s</dl>" % "\n".join(rows))
    return "\n".join(out)


def navigation(book, current):
    out = ['<nav><p><a href="index.html"><b>wok</b></a></p><ul>']
    for name, items in book.pages:
        out.append('<li><a href="%s">%s</a>' % (page_of(name), "wok/" + name))
        if name == current:
            out.append("<ul>%s</ul>" % "".join(
                '<li><a href="#%s">%s</a></li>' % (i.name, i.name) for i in items if i.name and not i.helper))
        out.append("</li>")
    return "\n".join(out + ["</ul></nav>"])


def write_page(path, title, nav, body):
    with open(path, "w", encoding="utf-8") as f:
        f.write('<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">\n'
                '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
                "<title>%s</title><style>%s</style></head>\n"
                '<body><div class="page">%s<main>%s</main></div></body></html>\n'
                % (html.escape(title), CSS, nav, body))


def write_html(book, out):
    contents = []
    for name, items in book.pages:
        body = ["<h1>wok/%s</h1><pre>#include &lt;wok/%s&gt;</pre>" % (name, name)]
        body += [entry(book, item) for item in items if not item.helper]
        write_page(os.path.join(out, page_of(name)), "wok/" + name, navigation(book, name),
                   "\n".join(body))
        rows = "".join("<dt>%s</dt><dd>%s</dd>" % (
            linked(book, item.name), html.escape(item.comment.summary()))
            for item in items if item.comment.contract)
        if rows:
            contents.append('<h2><a href="%s">wok/%s</a></h2><dl>%s</dl>' %
                            (page_of(name), name, rows))
    write_page(os.path.join(out, "index.html"), "wok: reference", navigation(book, None),
               "<h1>wok: reference</h1><p>Built from the comments of the public headers; the man "
               "pages lie in man/man3.</p>" + "\n".join(contents))


# --- man pages --------------------------------------------------------------------------------------

def roff(text):
    text = text.replace("\\", "\\e").replace("-", "\\-")
    return re.sub(r"^([.'])", r"\\&\1", text, flags=re.MULTILINE)


def man_page(header, item, neighbours):
    out = ['.TH %s 3 "" "wok" "wok reference"' % item.name.upper(),
           ".SH NAME", "%s \\- %s" % (item.name, roff(item.comment.summary())),
           ".SH SYNOPSIS", ".nf", ".B #include <wok/%s>" % header, "",
           roff(code_of(item)), ".fi", ".SH DESCRIPTION"]
    for kind, text in item.comment.blocks():
        if kind == "code":
            out += [".PP", ".nf", ".RS 4", roff(text), ".RE", ".fi"]
        else:
            out += [".IP \\(bu 2" if kind == "item" else ".PP", roff(text)]
    for name, text in item.comment.params():
        out += [".TP", ".I %s" % name, roff(text)]
    for field, title in (("Returns", "RETURN VALUE"), ("Checkpoint", "CHECKPOINT"),
                         ("Threads", "THREADS")):
        out += [".SH " + title, roff(item.comment.fields.get(field, ""))]
    others = [".BR %s (3)" % name for name in neighbours if name != item.name]
    if others:
        out += [".SH SEE ALSO", " ,\n".join(others)]
    return "\n".join(out) + "\n"


def write_man(book, out):
    folder = os.path.join(out, "man", "man3")
    os.makedirs(folder, exist_ok=True)
    count = 0
    for header, item in book.functions():
        neighbours = [i.name for h, i in book.functions() if h == header]
        with open(os.path.join(folder, item.name + ".3"), "w", encoding="utf-8") as f:
            f.write(man_page(header, item, neighbours))
        count += 1
    return count


def main():
    check = sys.argv[1:2] == ["--check"]
    args = sys.argv[2:] if check else sys.argv[1:]
    if len(args) != (1 if check else 2) or not os.path.isdir(args[0]):
        sys.exit(__doc__)
    book = Book(args[0])
    lacking = [line for name, items in book.pages
               for line in headers.problems(os.path.join(args[0], name), items)]
    for line in lacking:
        print(line, file=sys.stderr)
    if not check:
        os.makedirs(args[1], exist_ok=True)
        write_html(book, args[1])
        count = write_man(book, args[1])
        print("docs: %d pages, %d man pages; open %s" %
              (len(book.pages) + 1, count, os.path.join(args[1], "index.html")))
    print("docs: %d headers, %d functions, %d complaints" %
          (len(book.pages), sum(1 for _ in book.functions()), len(lacking)))
    return 1 if lacking else 0


if __name__ == "__main__":
    sys.exit(main())
