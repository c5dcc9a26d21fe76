"""What a write of the actuator is on the router: a tree entry's limit, or one or both sides of a simple queue's.

For whoever owns the adapter: the shaper's thread while a site runs, `wanctl safe` without it.
"""

from collections.abc import Iterable, Mapping

from wanctl.actuator import Target, Write
from wanctl.routeros import Queues


def carry(router: Queues, write: Write) -> Mapping[Target, int]:
    """Do a write; what the router now reports for each target that it was about, in bit/s. Raises `RouterError`."""
    target, partner = write.target, write.partner
    if not target.simple:
        return {target: router.set_tree_limit(target.queue, write.rate_bps)}
    wanted = {target.direction: write.rate_bps}
    if partner is not None:
        wanted[partner.direction] = write.partner_bps
    limit = router.set_simple_limit(target.queue, wanted.get("upload"), wanted.get("download"))
    has = {"upload": limit.upload_bps, "download": limit.download_bps}
    return {one: has[one.direction] for one in (target, partner) if one is not None}


def limits(router: Queues, targets: Iterable[Target]) -> Mapping[Target, int]:
    """What the one queue of these targets has, in bit/s; 0 is "no limit". Raises `RouterError`."""
    named = tuple(targets)
    assert len({(one.queue, one.simple) for one in named}) == 1
    if not named[0].simple:
        return dict.fromkeys(named, router.read_tree(named[0].queue).max_limit_bps)
    queue = router.read_simple(named[0].queue)
    return {one: queue.upload_bps if one.direction == "upload" else queue.download_bps for one in named}


def traffic(router: Queues, download: Target, upload: Target) -> tuple[int, int]:
    """The bytes that have gone through the queues of one WAN: down, up. Raises `RouterError`."""
    if download.simple and upload.simple and download.queue == upload.queue:
        queue = router.read_simple(download.queue)
        return queue.download_bytes, queue.upload_bytes
    return _bytes(router, download), _bytes(router, upload)


def _bytes(router: Queues, target: Target) -> int:
    if not target.simple:
        return router.read_tree(target.queue).bytes
    queue = router.read_simple(target.queue)
    return queue.upload_bytes if target.direction == "upload" else queue.download_bytes
