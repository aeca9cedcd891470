"""Updates, the webhook and files."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from rehearsal import api_json, limits
from rehearsal.bot_calls import Call
from rehearsal.objects import Json
from rehearsal.refusals import ApiError, bad_request

_MAX_TIMEOUT = 50
_WEBHOOK_ACTIVE = (
    "Conflict: can't use getUpdates method while webhook is active;"
    " use deleteWebhook to delete the webhook first"
)


async def get_updates(call: Call) -> list[Json]:
    """Confirm and return updates, waiting for the first up to ``timeout`` seconds."""
    if call.webhook.url:
        raise ApiError(409, _WEBHOOK_ACTIVE)
    queue = call.world.queue
    queue.allow(call.params.decoded("allowed_updates"))
    offset = call.params.integer("offset")
    limit = call.params.integer("limit", 100, 1, 100)
    timeout = call.params.integer("timeout", 0, 0, _MAX_TIMEOUT)
    return await queue.poll(offset, limit, timeout)


async def set_webhook(call: Call) -> bool:
    """Deliver updates to an address; an empty one deletes the webhook.

    Unlike Telegram this server accepts http and any port: it is on the same machine.
    """
    url = call.params.text("url")
    if not url:
        return await delete_webhook(call)
    secret = call.params.text("secret_token")
    if urlsplit(url).scheme not in {"http", "https"} or not urlsplit(url).hostname:
        raise bad_request("invalid webhook URL specified")
    if len(secret) > 256:
        raise bad_request("secret token is too long")
    if not re.fullmatch(r"[A-Za-z0-9_-]*", secret):
        raise bad_request("secret token contains unallowed characters")
    await call.world.queue.terminate("Conflict: terminated by setWebhook request")
    await delete_webhook(call)
    call.world.queue.allow(call.params.decoded("allowed_updates"))
    call.webhook.set(url, secret, call.params.integer("max_connections", 40, 1, 100))
    return True


async def delete_webhook(call: Call) -> bool:
    """Go back to getUpdates."""
    await call.webhook.remove()
    if call.params.flag("drop_pending_updates"):
        call.world.queue.clear()
    return True


async def get_webhook_info(call: Call) -> Json:
    """Return the webhook's state."""
    return call.webhook.info()


async def get_file(call: Call) -> Json:
    """Return a file's path; files over 20 MB are refused."""
    file_id = call.params.text("file_id")
    if not file_id:
        raise bad_request("file_id not specified")
    file = call.world.files.get(file_id)
    if file is None:
        raise bad_request("wrong file_id or the file is temporarily unavailable")
    if len(file.data) > limits.DOWNLOAD:
        raise bad_request("file is too big")
    return api_json.file_json(file) | {"file_path": file.path}
