"""URLs about the caller: the sign-in page, crumbs, the user and API tokens."""

from __future__ import annotations

from dataclasses import dataclass

from ..api.export import Bean, to_json
from ..api.system import SystemBeans
from ..home.accounts import Accounts
from ..home.store import Store
from .answers import Answers, Routes
from .pages import text
from .security import Caller, Security
from .server import Request, Response

NEW_TOKEN = ("me", "descriptorByName", "jenkins.security.ApiTokenProperty", "generateNewToken")


@dataclass(frozen=True)
class PeopleRoutes:
    """The callers of one start."""

    answers: Answers
    security: Security
    accounts: Accounts
    store: Store
    beans: SystemBeans

    def routes(self) -> Routes:
        """By the first segment."""
        return {"login": self._login, "whoAmI": self._who_am_i, "crumbIssuer": self._crumb, "me": self._me}

    def _login(self, request: Request, caller: Caller) -> Response | None:
        if len(request.segments) > 1:
            return None
        cookie = [] if caller.session else self.security.open_session(caller.user)[1]
        return self.answers.pages.login(cookie)

    def _who_am_i(self, request: Request, caller: Caller) -> Response | None:
        user = caller.user
        facts = {
            "anonymous": user is None,
            "authenticated": True,
            "authorities": ["authenticated" if user else "anonymous"],
            "name": user.id if user else "anonymous",
        }
        return self.answers.api(request, 1, Bean("hudson.security.WhoAmI", facts))

    def _crumb(self, request: Request, caller: Caller) -> Response | None:
        session, cookie = (caller.session, []) if caller.session else self.security.open_session(caller.user)
        facts = {"crumb": self.security.crumb(session, caller.user), "crumbRequestField": "Jenkins-Crumb"}
        answer = self.answers.api(request, 1, Bean("hudson.security.csrf.DefaultCrumbIssuer", facts))
        if answer is not None:
            answer.headers += cookie
        return answer

    def _me(self, request: Request, caller: Caller) -> Response | None:
        user = caller.user
        if user is None:
            return self.answers.pages.not_found()
        if request.segments != NEW_TOKEN:
            return self.answers.api(request, 1, self.beans.user(user))
        if not request.posted:
            return self.answers.pages.post_only(request)
        name = request.param("newTokenName") or "Token"
        uuid, value = user.new_token(name)
        self.store.keep_tokens(self.accounts.users)
        data = {"status": "ok", "data": {"tokenName": name, "tokenUuid": uuid, "tokenValue": value}}
        return text(to_json(data), "application/json;charset=utf-8")
