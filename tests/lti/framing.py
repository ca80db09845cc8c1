"""An LMS that shows us in a frame on another site, with the storage that some platforms have."""

import json
from html import escape

from tests.lms import Answer, Asked, Lms, page

STORAGE = """
const kept = {};
addEventListener("message", ({ origin, source, data }) => {
  if (origin !== TOOL || typeof data !== "object") return;
  const { subject, message_id, key, value } = data;
  if (subject === "lti.put_data") kept[key] = value;
  if (subject === "lti.put_data" || subject === "lti.get_data") {
    const answer = { subject: `${subject}.response`, message_id, key, value: kept[key] ?? null };
    source.postMessage(answer, TOOL);
  }
  if (subject === "lti.frameResize") document.title = `resized to ${data.height}`;
});
"""


def framed(lms: Lms) -> Lms:
    """Move an LMS to another site than ours: the name of this computer instead of its address."""
    was, lms.url = lms.url, lms.url.replace("127.0.0.1", "localhost")
    assert was != lms.url
    lms.issuer = lms.url
    return lms


@page("GET", "/framed")
def _framed(lms: Lms, asked: Asked) -> Answer:
    """Show a course with us in a frame; `storage` names the frame that keeps data for us."""
    storage = asked.query.get("storage")
    user = lms.users[asked.query["user"]]
    inputs = "".join(
        f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">'
        for name, value in lms.login(user, lti_storage_target=storage).items()
    )
    inner = '<iframe name="keeper" src="/keeper" hidden></iframe>' if storage == "keeper" else ""
    script = STORAGE.replace("TOOL", json.dumps(lms.tool))
    if storage != "_parent":  # this page itself only follows our height
        script = script.replace("_data", "_nothing")
    html = (
        f"<!doctype html><title>Cursus</title><h1>Cursus</h1>{inner}"
        f'<form method="post" action="{escape(lms.tool)}/lti/login" target="tool">{inputs}'
        f"<button>Open Leerspoor</button></form>"
        f'<iframe name="tool" width="980" height="700"></iframe>'
        f"<script>{script}</script>"
    )
    return 200, "text/html; charset=utf-8", html.encode()


@page("GET", "/keeper")
def _keeper(lms: Lms, _asked: Asked) -> Answer:
    """Keep data for the tool, in a frame beside it."""
    html = f"<!doctype html><script>{STORAGE.replace('TOOL', json.dumps(lms.tool))}</script>"
    return 200, "text/html; charset=utf-8", html.encode()
