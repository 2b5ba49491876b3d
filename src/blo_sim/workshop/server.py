"""The page for trainers: a server for this machine only, with known files and bounded orders."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
from collections.abc import AsyncIterator, Callable, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from blo_sim import __version__
from blo_sim.errors import BloSimError, ScenarioError, UsageError
from blo_sim.workshop.form import fields
from blo_sim.workshop.jobs import DONE, RUNNING, Job, Jobs, World, order_of, world_of
from blo_sim.workshop.lessons import MOST_DAYS, MOST_REPLICATIONS, lessons
from blo_sim.workshop.replay import VENDOR, filled, static
from blo_sim.workshop.uploads import LARGEST, as_file, read_upload

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from blo_sim.scenario import Scenario

HOST = "127.0.0.1"
HOSTS = (HOST, "localhost")
MOST_UPLOADS = 20
LARGEST_ORDER = 200_000
SECONDS_BETWEEN_LOOKS = 0.1
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HEADERS = (
    (b"content-security-policy", POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cache-control", b"no-store"),
)
TYPES = {"js": "text/javascript", "css": "text/css", "json": "application/json"}
FILES = (*(f"vendor/{name}" for name in VENDOR), "vendor/uPlot.min.css", "page.css", "places.js", "words.js",
         "player.js", "workshop.js", "workshop-words.js", "borders.json")  # fmt: skip
"""All that `/static` hands out, by exact name."""


class Guard:
    """Adds the headers, and refuses orders that come from another site's page."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", []), *HEADERS]
            await send(message)

        headers = dict(scope["headers"])
        origin, host = headers.get(b"origin"), headers.get(b"host", b"")
        if scope["method"] == "POST" and origin is not None and origin != b"http://" + host:
            response = PlainTextResponse("this page cannot be used from another site", status_code=403)
            await response(scope, receive, with_headers)
            return
        await self.app(scope, receive, with_headers)


class Workshop:
    """What the server knows: the scenarios it offers, those that were sent to it, and its jobs."""

    def __init__(self, scenarios: Sequence[str | Scenario]) -> None:
        self.scenarios = tuple(each for each in scenarios if isinstance(each, str))
        self.uploads = {each.name: each.tables for each in scenarios if not isinstance(each, str)}
        self.jobs = Jobs()

    def app(self) -> Starlette:
        """The application."""
        routes = [
            Route("/", self.page),
            Route("/static/{name:path}", self.file),
            Route("/api/start", self.start),
            Route("/api/form", self.form, methods=["POST"]),
            Route("/api/file", self.download, methods=["POST"]),
            Route("/api/scenario", self.upload, methods=["POST"]),
            Route("/api/runs", self.run, methods=["POST"]),
            Route("/api/runs/{id:int}", self.result),
            Route("/api/runs/{id:int}/film", self.film),
            Route("/api/runs/{id:int}/progress", self.progress),
            Route("/api/runs/{id:int}/cancel", self.cancel, methods=["POST"]),
        ]
        middleware = [
            Middleware(Guard),
            Middleware(TrustedHostMiddleware, allowed_hosts=list(HOSTS), www_redirect=False),
        ]
        return Starlette(routes=routes, middleware=middleware, lifespan=self._lifespan)

    @contextlib.asynccontextmanager
    async def _lifespan(self, _: Starlette) -> AsyncIterator[None]:
        await run_in_threadpool(self.jobs.compile)
        yield
        await run_in_threadpool(self.jobs.close)

    async def page(self, _: Request) -> Response:
        """The page itself."""
        return Response(_page(), media_type="text/html")

    async def file(self, request: Request) -> Response:
        """One of `FILES`."""
        name = request.path_params["name"]
        if name not in FILES:
            return _refused("there is no such file", 404)
        return Response(static(name), media_type=TYPES[name.rpartition(".")[2]])

    async def start(self, _: Request) -> Response:
        """What the page begins with."""
        return JSONResponse(
            {
                "version": __version__,
                "running": next((each.id for each in self.jobs.jobs.values() if each.state == RUNNING), None),
                "scenarios": [*self.scenarios, *self.uploads],
                "lessons": [each.shown() for each in lessons()],
                "most_days": MOST_DAYS,
                "most_replications": MOST_REPLICATIONS,
                "most_bytes": LARGEST,
            }
        )

    async def form(self, request: Request) -> Response:
        """The form of a world, what is wrong with it, and what a trainer should know before a run."""
        return await self._answer(request, self._form)

    def _form(self, sent: Any) -> Any:
        from blo_sim.world.checks import check_world, notes

        plain = self._world({**sent, "set": []}).load()
        found: dict[str, Any] = {"fields": fields(plain), "title": plain.model.title}
        try:
            scenario = self._world(sent).load()
            problems = check_world(scenario)
            told = [] if problems else notes(scenario)
        except ScenarioError as error:
            problems, told = error.problems, []
        shown = [{"key": each.key, "message": each.message} for each in problems]
        return found | {"problems": shown, "notes": told}

    async def download(self, request: Request) -> Response:
        """A world as a scenario file."""
        return await self._answer(request, lambda sent: {"text": as_file(self._world(sent).load())})

    async def upload(self, request: Request) -> Response:
        """A scenario file that is sent: {"file": name, "text": ...}."""
        return await self._answer(request, self._upload, LARGEST * 2)

    def _upload(self, sent: Any) -> Any:
        if not isinstance(sent.get("file"), str) or not isinstance(sent.get("text"), str):
            raise UsageError("what is sent must have file, a name, and text")
        scenario = read_upload(sent["file"], sent["text"].encode())
        name = sent["file"]
        if name not in self.uploads and len(self.uploads) >= MOST_UPLOADS:
            raise UsageError(f"{MOST_UPLOADS} files were sent already; start the workshop again for more")
        self.uploads[name] = scenario.tables
        return {"scenario": name, "title": scenario.model.title}

    async def run(self, request: Request) -> Response:
        """Begin a run."""

        def begin(sent: Any) -> Any:
            for world in sent.get("worlds", []):
                if isinstance(world, dict):
                    self._world(world)
            return {"id": self.jobs.begin(order_of(sent, self.uploads)).id}

        return await self._answer(request, begin)

    async def result(self, request: Request) -> Response:
        """The answer of a run that is done."""
        job = self.jobs.jobs.get(request.path_params["id"])
        if job is None:
            return _refused("there is no such run", 404)
        if job.state != DONE:
            return _refused(job.error or f"this run is {job.state}", 409)
        return Response(job.result, media_type="application/json")

    async def film(self, request: Request) -> Response:
        """The film of a run's first replication, as soon as it is there."""
        job = self.jobs.jobs.get(request.path_params["id"])
        if job is None or not job.film:
            return _refused("there is no such film", 404)
        return Response(job.film, media_type="application/json")

    async def progress(self, request: Request) -> Response:
        """How far a run is, as server-sent events until it has ended."""
        job = self.jobs.jobs.get(request.path_params["id"])
        if job is None:
            return _refused("there is no such run", 404)
        return StreamingResponse(_told(job), media_type="text/event-stream")

    async def cancel(self, request: Request) -> Response:
        """End a run."""
        job = self.jobs.jobs.get(request.path_params["id"])
        if job is None:
            return _refused("there is no such run", 404)
        await run_in_threadpool(self.jobs.cancel, job)
        return JSONResponse({"state": job.state})

    def _world(self, sent: Any) -> World:
        """A world that may be named: one that is offered, or one that was sent."""
        name = sent.get("scenario")
        if name not in self.scenarios and name not in self.uploads and name not in _of_lessons():
            raise UsageError(f"there is no scenario {str(name)[:80]!r}")
        overrides = sent.get("set", [])
        keys = [str(each).partition("=")[0] for each in overrides] if isinstance(overrides, list) else []
        if any("ensemble" in key for key in keys):
            raise UsageError("ensemble cannot be set here")
        return world_of(sent, self.uploads)

    async def _answer(
        self, request: Request, respond: Callable[[Any], Any], most: int = LARGEST_ORDER
    ) -> Response:
        try:
            sent = json.loads(await _body(request, most))
            if not isinstance(sent, dict):
                raise UsageError("what is sent must be an object")
            return JSONResponse(await run_in_threadpool(respond, sent))
        except ScenarioError as error:
            problems = [{"key": each.key, "message": str(each)} for each in error.problems]
            return JSONResponse({"error": str(error), "problems": problems}, status_code=422)
        except BloSimError as error:
            return _refused(str(error), 422)
        except (ValueError, RecursionError):
            return _refused("what is sent must be JSON", 400)


def _refused(text: str, status: int) -> Response:
    return JSONResponse({"error": text, "problems": []}, status_code=status)


async def _body(request: Request, most: int) -> bytes:
    found = bytearray()
    async for part in request.stream():
        found += part
        if len(found) > most:
            raise UsageError(f"what is sent has more than {most:,} bytes")
    return bytes(found)


async def _told(job: Job) -> AsyncIterator[str]:
    """Events of a job: a line whenever something has changed."""
    last = None
    while True:
        now = {
            "state": job.state,
            "film": bool(job.film),
            "done": job.done,
            "total": job.total,
            "error": job.error,
        }
        if now != last:
            yield f"data: {json.dumps(now)}\n\n"
            last = now
        if now["state"] != RUNNING:
            return
        await asyncio.sleep(SECONDS_BETWEEN_LOOKS)


@cache
def _page() -> str:
    own = ("places.js", "words.js", "player.js", "workshop-words.js", "workshop.js")
    scripts = (*(f"vendor/{name}" for name in VENDOR), *own)
    tags = "\n".join(f'<script src="/static/{name}" defer></script>' for name in scripts)
    return filled(static("workshop.html"), {"markup": static("film.html"), "scripts": tags})


@cache
def _of_lessons() -> frozenset[str]:
    return frozenset(name for lesson in lessons() for name, _ in lesson.worlds)


def listening(port: int) -> socket.socket:
    """A socket on this machine only; any free port if ``port`` is 0.

    Raises
    ------
    UsageError
        If the port is taken or not allowed.
    """
    found = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        found.bind((HOST, port))
    except (OSError, OverflowError) as error:
        found.close()
        reason = getattr(error, "strerror", None) or str(error)
        raise UsageError(f"--port {port}: cannot be used ({reason}); give another, or 0 for any") from error
    return found


def serve(scenarios: Sequence[str | Scenario], port: int, ready: Callable[[str], None]) -> None:
    """Serve until Ctrl-C.

    Parameters
    ----------
    scenarios : sequence of str or Scenario
        What the page offers: bundled names, or scenarios from files.
    port : int
        0 for any that is free.
    ready : callable
        Is told the address once it is answered.

    Raises
    ------
    UsageError
        If the port cannot be used.
    """
    import uvicorn

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets=sockets)
            if self.started:
                ready(f"http://{HOST}:{bound.getsockname()[1]}/")

    bound = listening(port)
    config = uvicorn.Config(
        Workshop(scenarios).app(), log_level="warning", access_log=False, timeout_graceful_shutdown=2
    )
    with bound, contextlib.suppress(KeyboardInterrupt):
        Server(config).run(sockets=[bound])
