"""A webhook's other end on loopback: keeps what it is sent, and answers what the test says."""

import http.server
import threading
from dataclasses import dataclass

import martlet


@dataclass
class Message:
    """One request; header names are in lower case."""

    path: str
    headers: dict[str, str]
    body: bytes
    answer: int | str


class Receiver:
    """Takes one of `answers` for each message, in order: a status, or "hang" until it is stopped; then `usual`."""

    def __init__(self, path: str, usual: int = 200, text: bytes = b""):
        self.port = martlet.free_port()
        self.path, self.usual, self.text = path, usual, text
        self.messages: list[Message] = []
        self.answers: list[int | str] = []
        self.server: http.server.ThreadingHTTPServer | None = None
        self.release = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}{self.path}"

    def start(self) -> "Receiver":
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                answer = receiver.answers.pop(0) if receiver.answers else receiver.usual
                headers = {key.lower(): value for key, value in self.headers.items()}
                receiver.messages.append(Message(self.path, headers, body, answer))
                if answer == "hang":
                    receiver.release.wait(60)
                    return
                self.send_response(answer)
                if 300 <= answer < 400:
                    self.send_header("Location", f"http://127.0.0.1:{receiver.port}/elsewhere")
                self.send_header("Content-Length", str(len(receiver.text)))
                self.end_headers()
                self.wfile.write(receiver.text)

            def log_message(self, *arguments):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def stop(self) -> None:
        self.release.set()
        if self.server:
            self.server.shutdown()
            self.server.server_close()
            self.server = None

    def wait(self, count: int, seconds: float = 30) -> list[Message]:
        """The first `count` messages, once they are there."""
        martlet.wait_until(lambda: len(self.messages) >= count, seconds, f"message {count} of the webhook")
        return self.messages[:count]
