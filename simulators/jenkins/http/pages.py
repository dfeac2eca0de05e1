"""The pages of a controller that programs meet: errors, the waiting page, the sign-in form."""

from html import escape
from urllib.parse import quote

from .. import VERSION
from .server import Headers, Response

STAND_IN = "This is a stand-in for a Jenkins controller, made for conformance tests; it is not Jenkins."
NO_CACHE = "no-cache,no-store,must-revalidate"


class Look:
    """What every answer of one running controller carries: its version, session and identity."""

    def __init__(self, session: str, identity: str) -> None:
        """Args: session: eight hex digits, new with every start; identity: the public key, base64."""
        self.session = session
        self.identity = identity

    def version(self) -> Headers:
        """The two headers by which clients know Jenkins."""
        return [("X-Jenkins", VERSION), ("X-Jenkins-Session", self.session)]

    def api(self, content_type: str = "application/json;charset=utf-8") -> Headers:
        """Headers of the remote API."""
        return [*self.version(), ("X-Frame-Options", "deny"), ("Content-Type", content_type)]

    def page(self) -> Headers:
        """Headers of a page with the whole frame around it."""
        return [
            ("Content-Type", "text/html;charset=utf-8"),
            ("Expires", "0"),
            ("Cache-Control", NO_CACHE),
            ("X-Hudson-Theme", "default"),
            ("Referrer-Policy", "same-origin"),
            ("Cross-Origin-Opener-Policy", "same-origin"),
            ("X-Hudson", "1.395"),
            *self.version(),
            ("X-Frame-Options", "sameorigin"),
            ("X-Instance-Identity", self.identity),
        ]

    def html(self, status: int, title: str, main: str, extra: Headers | None = None) -> Response:
        """A page with the frame; `main` is HTML."""
        body = (
            f'<!DOCTYPE html><html><head data-rooturl="" '
            f'data-resurl="/static/{self.session}"><title>{escape(title)}'
            f'</title></head><body id="jenkins" class="jenkins-{VERSION}" '
            f'data-version="{VERSION}"><div id="main-panel">'
            f'<a id="skip2content"></a>{main}</div><footer '
            f'class="page-footer"><p>{STAND_IN}</p></footer></body></html>'
        )
        return Response(status, [*(extra or []), *self.page()], body.encode())

    def not_found(self) -> Response:
        """The page for anything that is not there."""
        return self.html(
            404,
            "Not Found - Jenkins",
            '<h1 style="text-align: center">Oops!</h1><div id="error-description" style="text-align: center">'
            "<h2>Not Found</h2><p>\nThis page may not exist, or you may not have permission to see "
            "it.\n</div>",
        )

    def oops(self, status: int, logging_id: str) -> Response:
        """The page of an exception, which only the log explains."""
        return self.html(
            status,
            "Jenkins - Jenkins",
            '<h1 style="text-align: center">Oops!</h1><div id="error-description"><h2 '
            'style="text-align: center">A problem '
            f'occurred while processing the request</h2><p style="text-align: center">Logging '
            f"ID={logging_id}</div>",
        )

    def failure(self, message: str, header: str | None = None) -> Response:
        """A refusal with its reason, in the page and in X-Error."""
        shown = header if header is not None else message
        return self.html(400, "Jenkins - Jenkins", f"<h1>Error</h1><p>{message}", [("X-Error", shown)])

    def post_only(self, url: str) -> Response:
        """A URL that changes something was read."""
        return self.html(
            405,
            "Method Not Allowed - Jenkins",
            "<h1>This URL requires POST</h1><p>The URL you're trying to access requires that "
            "requests be sent using POST (like a "
            f"form submission). URL being accessed:<p><code>{escape(url)}</code>",
        )

    def build_by_post(self) -> Response:
        """The build URL was read."""
        return self.html(
            405,
            "Form post required - Jenkins",
            "<p>You must use POST method to trigger builds. (From scripts you may instead pass a "
            "per-project authentication "
            'token, or authenticate with your API token.)<form method="POST"><input type="submit" '
            'value="Proceed"></form>',
            [("Allow", "POST")],
        )

    def sign_in_first(self, path: str) -> Response:
        """Anonymous, and not allowed to read."""
        target = f"/login?from={quote(path, safe='')}"
        body = (
            f"<html><head><meta http-equiv='refresh' content='1;url={target}'/><script id='redirect' "
            f"data-redirect-url='{target}' "
            f"src='/static/{self.session}/scripts/redirect.js'></script></head><body "
            f"style='background-color:white; color:white;'>"
            "\nAuthentication required\n<!--\n-->\n\n</body></html>"
        )
        headers = [("Content-Type", "text/html;charset=utf-8"), ("X-Hudson", "1.395"), *self.version()]
        return Response(403, headers, body.ljust(589 + len(target)).encode())

    def nothing_here(self) -> Response:
        """The small page below a build for what no plugin provides."""
        body = (
            f"<html><head><meta http-equiv='refresh' content='1;url=..'/><script id='redirect' "
            f"data-redirect-url='..' src='/static/"
            f"{self.session}/scripts/redirect.js'></script></head><body "
            f"style='background-color:white; color:white;'>\nNot found\n<!--\n"
        )
        return Response(404, [("Content-Type", "text/html;charset=utf-8")], body.encode())

    def login(self, set_cookie: Headers) -> Response:
        """The sign-in form, with the sentence that says what this is."""
        body = (
            f'\n<!DOCTYPE html><html lang="en"><head resURL="/static/{self.session}" data-rooturl="" '
            f'data-resurl="/static/'
            f'{self.session}"><title>Sign in - Jenkins</title></head><body '
            f'class="app-sign-in-register"><main id="main-panel">'
            '<h1>Sign in to Jenkins</h1><form method="post" name="login" action="j_spring_security_check">'
            '<input name="j_username" id="j_username" type="text"><input name="j_password" '
            'id="j_password" type="password">'
            '<input type="checkbox" id="remember_me" name="remember_me"><input name="from" type="hidden">'
            f'<button type="submit" name="Submit">Sign in</button></form><div '
            f'class="footer"><p>{STAND_IN}</p></div>'
            "</main></body></html>"
        )
        headers = [
            ("Content-Type", "text/html;charset=utf-8"),
            ("Expires", "Thu, 01 Jan 1970 00:00:00 GMT"),
            ("Cache-Control", NO_CACHE),
            ("X-Hudson", "1.395"),
            *self.version(),
            ("X-Frame-Options", "sameorigin"),
            ("X-Instance-Identity", self.identity),
            *set_cookie,
        ]
        return Response(200, headers, body.encode())

    def waiting(self, state: str) -> Response:
        """While the controller starts, or stops to start again."""
        again = state != "starting"
        said, title = (
            ("Jenkins is restarting", "Restarting Jenkins")
            if again
            else ("Jenkins is getting ready to work", "Starting Jenkins")
        )
        safe = (
            '<div class="safe-restarting"><p><strong>Safe Restart</strong><p>Builds on agents can '
            "usually continue.</div>"
            if state == "safe restarting"
            else ""
        )
        body = (
            f'\n<!DOCTYPE html><html lang="en"><head resURL="/static/{self.session}" '
            f'data-rooturl=""><title>{title}</title></head>'
            f'<body><div class="simple-page" role="main"><h1 class="loading"><p '
            f'class="jenkins-spinner">{said}</h1>'
            f'<p class="restarting">Your browser will reload automatically when Jenkins is '
            f"ready.{safe}</div></body></html>"
        )
        headers = [("Expires", "0"), ("Cache-Control", NO_CACHE), ("Content-Type", "text/html;charset=utf-8")]
        return Response(503, headers, body.encode())

    def failed_to_load(self, reason: str) -> Response:
        """The configuration could not even be parsed."""
        answer = self.html(500, "Jenkins", f"<h1>Error</h1><pre>{escape(reason)}</pre>")
        hidden = {"X-Hudson", "X-Jenkins", "X-Jenkins-Session", "X-Frame-Options", "X-Instance-Identity"}
        answer.headers = [(name, value) for name, value in answer.headers if name not in hidden]
        return answer


def jetty(status: int, message: str, path: str, extra: Headers | None = None) -> Response:
    """The servlet container's own error page."""
    uri = escape(path.partition("?")[0])
    body = (
        '<html>\n<head>\n<meta http-equiv="Content-Type" content="text/html;charset=ISO-8859-1"/>\n'
        f"<title>Error {status} {message}</title>\n</head>\n<body><h2>HTTP ERROR {status} "
        f"{message}</h2>\n<table>\n"
        f"<tr><th>URI:</th><td>{uri}</td></tr>\n<tr><th>STATUS:</th><td>{status}</td></tr>\n<tr><th>MESSAGE:</th><td>{message}</td>"
        "</tr>\n<tr><th>SERVLET:</th><td>Stapler</td></tr>\n</table>\n"
        '<hr/><a href="https://jetty.org/">Powered by Jetty:// 12.0.22</a><hr/>\n\n</body>\n</html>\n'
    )
    headers = [
        ("Cache-Control", "must-revalidate,no-cache,no-store"),
        ("Content-Type", "text/html;charset=iso-8859-1"),
    ]
    return Response(status, [*(extra or []), *headers], body.encode())


def text(body: str, content_type: str = "text/plain;charset=utf-8", extra: Headers | None = None) -> Response:
    """Plain text without the version headers, as consoles and small answers come."""
    return Response(200, [("Content-Type", content_type), *(extra or [])], body.encode())


def redirect(location: str) -> Response:
    """A 302."""
    return Response(302, [("Location", location)])
