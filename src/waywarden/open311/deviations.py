"""Every deviation that the tolerant reader forgives: its code, and what a server should do instead.

The reference page is made from this table; a test holds that the reader notes no other code.
"""

MEANINGS: dict[str, str] = {
    # the bytes
    "byte-order-mark": "A byte-order mark stands before the document. Leave it out.",
    "bytes-not-utf-8": "Some bytes are not UTF-8; they were read as Latin-1. Write UTF-8.",
    "encoding-not-utf-8": "The document is in another encoding. Write UTF-8.",
    "wrong-encoding-declared": "The declared encoding is not the one of the bytes.",
    "http-head-in-body": "HTTP header lines stand inside the document.",
    "control-characters": "The text held control characters, which were dropped.",
    # the document
    "wrong-format": "Another format came than the path's extension asked for.",
    "json-malformed": "Numbers began with a zero. Write codes as strings.",
    "json-wrapped": "The list (or the object) stands inside another object. Give it bare in JSON.",
    "root-name": "The root element has another name than the specification gives it.",
    "bare-object": "One object came where a list belongs.",
    "object-in-list": "A list came where one object belongs.",
    "not-an-object": "A row of a list was no object; it was left out.",
    "markup-in-text": "A text held markup, which was dropped.",
    "nested-value": "A field held a structure where plain text belongs; its texts were joined.",
    "document-broken-off": "The document ended too early; the rows before that were read.",
    # fields
    "row-without-id": "A row without its id or code was left out.",
    "row-with-token-only": "A request with a token and no id is not there yet; it was left out.",
    "id-and-token": "An answer held an id and a token; the id was taken.",
    "token-not-echoed": "No row had the token asked about; the first with an id was taken.",
    "update-id-missing": "An update has no `update_id`; its content tells it from others.",
    "service-request-id-missing": "An update does not name its request.",
    "status-missing": "A status is missing; a request counts as open, an update changes nothing.",
    "status-unknown": "A status is not in the protocol's table; the report keeps its state.",
    "date-impossible": "A date is none, or stands for none; it counts as absent.",
    "date-without-time": "A date has no time; midnight of the connection's zone was taken.",
    "date-without-zone": "A date has no zone; the connection's zone was taken. End it in `Z`.",
    "date-without-t": "No `T` stands between date and time.",
    "decimal-comma": "A number has a decimal comma. Write a point.",
    "not-a-number": "A field that must be a number is none; it counts as absent.",
    "not-a-boolean": "A field must be `true` or `false`; its default was taken.",
    "place-impossible": "`lat` and `long` are no place on Earth in degrees (WGS84).",
    "media-url-not-a-url": "`media_url` holds something else than an address. Leave it empty.",
    # services
    "unknown-type": "A service's type is not known; it counts as `realtime`, an endpoint's as "
    "`production`.",
    "unknown-datatype": "A question's datatype is not known; it counts as `string`.",
    "unknown-automated": "A question's `automated` is not known; it was left out.",
    "keywords-semicolon": "Keywords are separated by semicolons. Write commas.",
    "attributes-unwrapped": "`attribute` stands outside `attributes`.",
    "choice-without-key": "A choice has no `key`; its name was taken.",
}
"""Code → a plain sentence for the body's IT team."""
