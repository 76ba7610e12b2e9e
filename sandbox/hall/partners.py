"""The pad's partners over HTTP: the clerk's system, and the practice platform's control side."""

from __future__ import annotations

from typing import Any

import requests

_WITHIN_S = 60.0


class Clerk:
    """The clerk's system, calling the counter service as design §4 has it."""

    def __init__(self, port: int) -> None:
        self._url = f"http://127.0.0.1:{port}"

    def call(self, method: str, path: str, body: object = None) -> requests.Response:
        """One call."""
        return requests.request(method, self._url + path, json=body, timeout=_WITHIN_S)

    def invite(self, matter: dict[str, Any], timeout_s: float | None = None) -> str:
        """Invite a rating; the invitation's id."""
        body = {"matter": matter} | ({} if timeout_s is None else {"timeout_s": timeout_s})
        answer = self.call("POST", "/v1/invitations", body)
        answer.raise_for_status()
        invitation: str = answer.json()["invitation"]
        return invitation

    def state_of(self, invitation: str) -> str:
        """The invitation's state now."""
        state: str = self.call("GET", f"/v1/invitations/{invitation}").json()["state"]
        return state

    def wait_for(self, invitation: str, *states: str) -> str:
        """Wait until the invitation is in one of the states."""
        state = self.state_of(invitation)
        while state not in states:
            state = self.call("GET", f"/v1/invitations/{invitation}?wait=1").json()["state"]
        return state

    def pad(self) -> dict[str, Any]:
        """``GET /v1/state``."""
        state: dict[str, Any] = self.call("GET", "/v1/state").json()
        return state


class Platform:
    """The practice platform's control side."""

    def __init__(self, control_url: str) -> None:
        self._url = control_url
        self.counter_page = f"{control_url}/counter"
        self.platform_page = f"{control_url}/platform"

    def alerts(self, count: int) -> list[str]:
        """What the robots were told, once they were told so much, or a minute is over."""
        heard: list[dict[str, str]] = self.call("GET", f"/control/alerts?count={count}&wait=50")["alerts"]
        return [each["text"] for each in heard]

    def call(self, method: str, path: str, body: object = None) -> Any:
        """One call; what it answered, parsed."""
        answer = requests.request(method, self._url + path, json=body, timeout=_WITHIN_S)
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def wait_for(self, count: int, within_s: float = 50.0) -> list[dict[str, Any]]:
        """Wait until at least so many ratings are stored; those there are then."""
        found: list[dict[str, Any]] = self.call("GET", f"/control/received?count={count}&wait={within_s:g}")[
            "received"
        ]
        return found

    def misbehave(self, name: str, **given: object) -> None:
        """Switch a misbehaviour on."""
        self.call("PUT", f"/control/misbehaviours/{name}", given)

    def behave(self) -> None:
        """Switch every misbehaviour off."""
        self.call("DELETE", "/control/misbehaviours")

    def cut_line(self) -> None:
        """Stop listening: connections are refused."""
        self.call("PUT", "/control/line", {"up": False})

    def restore_line(self) -> None:
        """Listen again."""
        self.call("PUT", "/control/line", {"up": True})
