"""The one file of a multipart/form-data body, as the published client sends it.

Called by routes/published.py with a body that is complete and bounded. Guarantees the bytes between the boundaries, or
a clear refusal; a form of several parts is none that our Swagger document asks for.
"""

from email.message import Message

from services.core.errors import MalformedBatch, UnsupportedMediaType


def content_of(body: bytes, content_type: str) -> bytes:
    """Return the content of the one part, or a body of application/octet-stream as it is.

    Raises: MalformedBatch, UnsupportedMediaType.
    """
    header = Message()
    header["content-type"] = content_type
    if header.get_content_type() == "application/octet-stream":
        return body
    boundary = header.get_param("boundary")
    if header.get_content_type() != "multipart/form-data" or not isinstance(boundary, str) or not boundary.isascii():
        raise UnsupportedMediaType("Send the object as multipart/form-data or application/octet-stream.")
    start, end = b"--" + boundary.encode() + b"\r\n", b"\r\n--" + boundary.encode()
    head_ends = body.find(b"\r\n\r\n")
    content_ends = body.find(end, head_ends + 2)
    if not body.startswith(start) or head_ends < 0 or content_ends < 0:
        raise MalformedBatch("The form does not hold one file between its boundaries.")
    if body[content_ends + len(end) :].strip() != b"--":
        raise MalformedBatch("The form holds more than one part.")
    return body[head_ends + 4 : content_ends]
