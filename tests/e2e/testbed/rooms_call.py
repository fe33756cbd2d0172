"""A signaling server of its own making: participants of one room see and hear each other, by API calls alone."""

from testbed.rooms import subscription
from testbed.rooms_api import RoomsApi
from testbed.rooms_page import Participant
from testbed.session_description import Offer


def join(api: RoomsApi, room: str, name: str, participant: Participant, sources: dict | None, others: int,
         **members) -> None:
    """Makes the endpoint `name` with the tracks that the page offers and subscriptions to nothing yet: video-1, ...

    `members` are more of the endpoint's: worker.
    """
    offer = Offer(participant.page.run("offer", sources, others))
    endpoint = api.put(f"/v1/rooms/{room}/endpoints/{name}", offer.endpoint() | members)
    made = {}
    for section in (section for section in offer.sections if not section.sends):
        number = sum(1 for mid in made if made[mid]["kind"] == section.kind) + 1
        made[section.mid] = api.put(subscription(room, name, f"{section.kind}-{number}"), section.media())
    ssrcs = {mid: (view["ssrc"], view.get("rtx_ssrc")) for mid, view in made.items()}
    participant.page.run("answer", offer.answer(endpoint["local"], ssrcs))


def introduce(api: RoomsApi, room: str) -> None:
    """Points every endpoint's subscriptions at the others' tracks. Needs to remember nothing: it reads what exists."""
    names = sorted(endpoint["id"] for endpoint in api.get(f"/v1/rooms/{room}/endpoints")["endpoints"])
    for name in names:
        for number, other in enumerate((other for other in names if other != name), start=1):
            for kind in ("audio", "video"):
                api.patch(subscription(room, name, f"{kind}-{number}"),
                          {"track": {"endpoint": other, "track": kind}})
