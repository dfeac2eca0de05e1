"""URLs about who asks: signing in, crumbs, users and their tokens."""

from typing import TYPE_CHECKING

from ..api.export import Bean, to_json
from ..api.system import SystemBeans
from .answers import Answers, Routes
from .pages import redirect, text
from .security import Caller
from .server import Request, Response

if TYPE_CHECKING:
    from ..controller import Controller


class PeopleRoutes:
    """Who asks one controller."""

    def __init__(self, controller: "Controller", answers: Answers) -> None:
        """Args: controller: what is asked; answers: the common ones."""
        self.c, self._answers = controller, answers
        self.first: Routes = {
            "login": self._login,
            "j_spring_security_check": self._sign_in,
            "whoAmI": self._who,
            "crumbIssuer": self._crumb,
            "me": self._me,
            "user": self._me,
        }

    def _login(self, request: Request, caller: Caller) -> Response | None:
        if len(request.segments) > 1:
            return None
        return self.c.look.login([] if caller.session else self.c.security.open_session(caller.user)[1])

    def _sign_in(self, request: Request, caller: Caller) -> Response:
        user = self.c.security.sign_in(request.param("j_username") or "", request.param("j_password") or "")
        if user is None:
            return redirect("/loginError")
        answer = redirect(request.param("from") or "/")
        answer.headers += self.c.security.open_session(user)[1]
        return answer

    def _who(self, request: Request, caller: Caller) -> Response | None:
        user = caller.user
        facts = {
            "anonymous": user is None,
            "authenticated": True,
            "authorities": ["authenticated" if user else "anonymous"],
            "name": user.id if user else "anonymous",
        }
        return self._answers.tail(request, 1, Bean("hudson.security.WhoAmI", facts))

    def _crumb(self, request: Request, caller: Caller) -> Response | None:
        session, cookie = (
            (caller.session, []) if caller.session else self.c.security.open_session(caller.user)
        )
        crumb = self.c.security.crumb(str(session), caller.user)
        facts = {"crumb": crumb, "crumbRequestField": "Jenkins-Crumb"}
        answer = self._answers.tail(request, 1, Bean("hudson.security.csrf.DefaultCrumbIssuer", facts))
        if answer is not None:
            answer.headers += cookie
        return answer

    def _me(self, request: Request, caller: Caller) -> Response | None:
        named = request.segments[0] == "user"
        user = (
            self.c.security.users.get(request.segments[1])
            if named and len(request.segments) > 1
            else caller.user
        )
        if user is None:
            return None
        used = 2 if named else 1
        if (
            request.segments[used:]
            == ("descriptorByName", "jenkins.security.ApiTokenProperty", "generateNewToken")
            and caller.user is user
        ):
            if request.method != "POST":
                return self._answers.post_only(request)
            name = request.param("newTokenName") or "Token"
            uuid, value = self.c.security.new_token(user, name)
            self.c.store.keep_tokens(self.c.security.users)
            data = {"status": "ok", "data": {"tokenName": name, "tokenUuid": uuid, "tokenValue": value}}
            return text(to_json(data, pretty=False), "application/json;charset=utf-8")
        return self._answers.tail(request, used, SystemBeans(self.c).user(user))
