VERSION = "version 1"


def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [f"Hello from {VERSION}\n".encode()]
