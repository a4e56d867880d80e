"""The pages a person sees in a sandbox: plain, calm, and honest about being one."""

from __future__ import annotations

from html import escape

from werkzeug.wrappers import Response

_STYLE = """
:root { color-scheme: light dark; --ink: #1d2b3a; --paper: #f4f6f8; --card: #fff; --line: #7b8896; --act: #0b5cab; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e7edf3; --paper: #131a21; --card: #1c262f; --line: #8493a1; --act: #6db3f2; }
}
* { box-sizing: border-box; }
body { margin: 0; font: 1rem/1.55 system-ui, sans-serif; color: var(--ink); background: var(--paper); }
.sandbox { margin: 0; padding: .6rem 1rem; text-align: center; font-size: .9rem; border-bottom: 1px solid var(--line); }
main { max-width: 27rem; margin: 3rem auto; padding: 2rem; background: var(--card); border-radius: .75rem;
  box-shadow: 0 1px 12px rgb(0 0 0 / 8%); }
h1 { font-size: 1.35rem; margin: 0 0 1rem; line-height: 1.3; }
label { display: block; margin: 1rem 0 .3rem; font-weight: 600; }
input { width: 100%; padding: .6rem .7rem; font: inherit; color: inherit; background: transparent;
  border: 1px solid var(--line); border-radius: .4rem; }
button, .button { display: inline-block; margin: 1.5rem .6rem 0 0; padding: .6rem 1.2rem; font: inherit; font-weight: 600;
  border: 1px solid var(--act); border-radius: .4rem; background: var(--act); color: var(--card); cursor: pointer;
  text-decoration: none; }
button.quiet { background: transparent; color: var(--act); }
a { color: var(--act); }
:focus-visible { outline: 3px solid var(--act); outline-offset: 2px; }
.problem { padding: .6rem .8rem; border-left: 4px solid #b3261e; }
table { width: 100%; margin: 0 0 1.5rem; border-collapse: collapse; font-size: .9rem; }
caption { text-align: left; padding-bottom: .4rem; }
th, td { text-align: left; vertical-align: top; padding: .35rem .6rem .35rem 0; border-top: 1px solid var(--line); }
td code { overflow-wrap: anywhere; }
.small { font-size: .9rem; }
"""


def page(service: str, title: str, body: str, status: int = 200) -> Response:
    html = (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><link rel="icon" href="data:,">'
        f"<style>{_STYLE}</style></head><body>"
        f'<p class="sandbox">This is a <strong>sandbox</strong> standing in for {escape(service)}. It is not {escape(service)}.</p>'
        f"<main>{body}</main></body></html>"
    )
    return Response(
        html, status, content_type="text/html; charset=utf-8", headers={"Cache-Control": "no-store"}
    )


def hidden(values: dict[str, str]) -> str:
    """Values to send along with a form."""
    return "".join(f'<input type="hidden" name="{escape(k)}" value="{escape(v)}">' for k, v in values.items())
