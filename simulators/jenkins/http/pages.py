"""The pages of a controller that programs meet: errors, the waiting page, the sign-in form."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from urllib.parse import quote

from .. import VERSION
from ..home.life import State
from ..unsupported import unsupported
from .server import Headers, Request, Response

NOTICE = "This is a simulator of a Jenkins controller, made for conformance tests; it is not Jenkins."
NO_CACHE = "no-cache,no-store,must-revalidate"
HTML = ("Content-Type", "text/html;charset=utf-8")
HUDSON = ("X-Hudson", "1.395")


@dataclass(frozen=True)
class Pages:
    """The pages of one start; `session` is new with every start."""

    session: str

    def version(self) -> Headers:
        """The two headers by which clients know Jenkins."""
        return [("X-Jenkins", VERSION), ("X-Jenkins-Session", self.session)]

    def api(self, body: str) -> Response:
        """JSON of the remote API."""
        headers = [("X-Frame-Options", "deny"), ("Content-Type", "application/json;charset=utf-8")]
        return Response(200, [*self.version(), *headers], body.encode())

    def html(self, status: int, title: str, main: str, extra: Headers | None = None) -> Response:
        """A page with the frame; `main` is HTML."""
        body = (
            f'<!DOCTYPE html><html><head data-rooturl="" data-resurl="/static/{self.session}">'
            f"<title>{escape(title)} - Jenkins</title></head>"
            f'<body id="jenkins" class="jenkins-{VERSION}" data-version="{VERSION}"><div id="main-panel">'
            f'<a id="skip2content"></a>{main}</div>'
            f'<footer class="page-footer"><p>{NOTICE}</p></footer></body></html>'
        )
        headers = [
            HTML,
            ("Expires", "0"),
            ("Cache-Control", NO_CACHE),
            HUDSON,
            *self.version(),
            ("X-Frame-Options", "sameorigin"),
        ]
        return Response(status, [*(extra or []), *headers], body.encode())

    def headed(self, title: str) -> Response:
        """A page with nothing but its title, such as the one that a redirect after a change leads to."""
        return self.html(200, title, f"<h1>{escape(title)}</h1>")

    def not_found(self) -> Response:
        """The page for an object that does not exist."""
        reason = "This page may not exist, or you may not have permission to see it."
        return self.html(404, "Not Found", f"<h1>Oops!</h1><h2>Not Found</h2><p>\n{reason}\n")

    def unsupported(self, request: Request) -> Response:
        """The page for a URL that a real controller has and this simulator does not."""
        message = unsupported(f"{request.method} {request.path.partition('?')[0]}")
        return self.html(501, "Not Implemented", f"<h1>Not Implemented</h1><p>{escape(message)}</p>")

    def oops(self, status: int, logging_id: str) -> Response:
        """The page of an exception, which only the log explains."""
        problem = f"<h2>A problem occurred while processing the request</h2><p>Logging ID={logging_id}"
        return self.html(status, "Jenkins", f"<h1>Oops!</h1>{problem}")

    def failure(self, message: str, header: str | None = None) -> Response:
        """A refusal with its reason, in the page and in X-Error."""
        extra = [("X-Error", header if header is not None else message)]
        return self.html(400, "Jenkins", f"<h1>Error</h1><p>{message}", extra)

    def post_only(self, request: Request) -> Response:
        """The page for a GET of a URL that changes something."""
        url = f"http://{request.host}{quote(request.path, safe='/?=&%()-._~')}"
        main = (
            "<h1>This URL requires POST</h1><p>The URL you're trying to access requires that requests be "
            f"sent using POST (like a form submission). URL being accessed:<p><code>{escape(url)}</code>"
        )
        return self.html(405, "Method Not Allowed", main)

    def build_by_post(self) -> Response:
        """The page for a GET of a build URL."""
        main = "<p>You must use POST method to trigger builds."
        return self.html(405, "Form post required", main, [("Allow", "POST")])

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
        return Response(403, [HTML, HUDSON, *self.version()], body.ljust(589 + len(target)).encode())

    def login(self, set_cookie: Headers) -> Response:
        """The sign-in page, with the sentence that says that this is a simulator."""
        body = (
            f'<!DOCTYPE html><html lang="en"><head resURL="/static/{self.session}" data-rooturl="">'
            f"<title>Sign in - Jenkins</title></head><body><main><h1>Sign in to Jenkins</h1><p>{NOTICE}</p>"
            f"<p>{unsupported('signing in by a form')}</p></main></body></html>"
        )
        headers = [
            HTML,
            ("Expires", "Thu, 01 Jan 1970 00:00:00 GMT"),
            ("Cache-Control", NO_CACHE),
            HUDSON,
            *self.version(),
            ("X-Frame-Options", "sameorigin"),
            *set_cookie,
        ]
        return Response(200, headers, body.encode())

    def waiting(self, state: State) -> Response:
        """While the controller starts, or stops to start again."""
        title, heading = (
            ("Starting Jenkins", "Jenkins is getting ready to work")
            if state == State.STARTING
            else ("Restarting Jenkins", "Jenkins is restarting")
        )
        safe = "<p>Builds on agents can usually continue." if state == State.SAFE_RESTARTING else ""
        body = (
            f'<!DOCTYPE html><html lang="en"><head resURL="/static/{self.session}" data-rooturl="">'
            f'<title>{title}</title></head><body><div class="simple-page" role="main"><h1>{heading}</h1>'
            f"<p>Your browser will reload automatically when Jenkins is ready.{safe}</div></body></html>"
        )
        return Response(503, [("Expires", "0"), ("Cache-Control", NO_CACHE), HTML], body.encode())

    def failed_to_load(self, reason: str) -> Response:
        """The configuration could not even be parsed."""
        body = f"<!DOCTYPE html><html><head><title>Jenkins</title></head><pre>{escape(reason)}</pre></html>"
        return Response(500, [HTML, ("Expires", "0"), ("Cache-Control", NO_CACHE)], body.encode())


def jetty(status: int, message: str, path: str, extra: Headers | None = None) -> Response:
    """The servlet container's own error page."""
    rows = {
        "URI": escape(path.partition("?")[0]),
        "STATUS": str(status),
        "MESSAGE": message,
        "SERVLET": "Stapler",
    }
    table = "".join(f"<tr><th>{name}:</th><td>{value}</td></tr>\n" for name, value in rows.items())
    body = (
        '<html>\n<head>\n<meta http-equiv="Content-Type" content="text/html;charset=ISO-8859-1"/>\n'
        f"<title>Error {status} {message}</title>\n</head>\n<body><h2>HTTP ERROR {status} "
        f"{message}</h2>\n<table>\n{table}</table>\n"
        '<hr/><a href="https://jetty.org/">Powered by Jetty:// 12.0.22</a><hr/>\n\n</body>\n</html>\n'
    )
    headers = [
        ("Cache-Control", "must-revalidate,no-cache,no-store"),
        ("Content-Type", "text/html;charset=iso-8859-1"),
    ]
    return Response(status, [*(extra or []), *headers], body.encode())


def text(body: str, content_type: str = "text/plain;charset=utf-8", extra: Headers | None = None) -> Response:
    """Plain text without the version headers, as consoles and small answers have it."""
    return Response(200, [("Content-Type", content_type), *(extra or [])], body.encode())


def redirect(location: str) -> Response:
    """A 302."""
    return Response(302, [("Location", location)])
