"""The options of an Open311 connection: its form in the admin, its section in files."""

from typing import Annotated, Literal

from msgspec import Meta

from waywarden.backends.way_options import ADDRESS, WayOptions, WaySecrets

OUR_STATES = (
    "confirmed, investigating, in progress, planned, action scheduled, for triage,"
    " fixed - council, closed, unable to fix, not responsible, duplicate, internal referral,"
    " cancelled"
)


class Open311Secrets(WaySecrets, frozen=True, kw_only=True):
    """What the body gave us to be let in."""

    api_key: Annotated[
        str, Meta(title="API key", description="Sent as api_key with every report and update.")
    ] = ""


class Open311Options(WayOptions, frozen=True, kw_only=True):
    """A server's address and its habits."""

    endpoint: Annotated[
        str,
        Meta(
            title="Endpoint",
            description="The address before /requests.xml, such as"
            " https://reports.example.org/open311/v2. A query in it goes with every call;"
            " a user name and password have fields of their own.",
            pattern=ADDRESS,
        ),
    ]
    jurisdiction: Annotated[
        str,
        Meta(title="Jurisdiction", description="Sent as jurisdiction_id; many servers need none."),
    ] = ""
    format: Annotated[
        Literal["xml", "json"],
        Meta(title="Format", description="Every server speaks XML; JSON is faster to read."),
    ] = "xml"
    extended_statuses: Annotated[
        bool,
        Meta(
            title="Extended statuses",
            description="The server knows more than open and closed (in progress, fixed, …)."
            " Off: we send OPEN and CLOSED only, and CLOSED from it means fixed.",
        ),
    ] = False
    statuses: Annotated[
        dict[str, str],
        Meta(
            title="Their statuses",
            description="The server's own word, and our state for it, or ignore to drop such"
            f" news. Our states: {OUR_STATES}.",
        ),
    ] = {}
    statuses_sent: Annotated[
        dict[str, str],
        Meta(
            title="Our statuses",
            description="Our state, and the server's word for it, where it is not the usual one.",
        ),
    ] = {}
    send_reopen: Annotated[
        bool,
        Meta(
            title="Send REOPEN",
            description="An update that reopens a report goes with the status REOPEN.",
        ),
    ] = False
    description_style: Annotated[
        Literal["title_detail_link", "plain"],
        Meta(
            title="Description",
            description="Title, detail and a link to the report; or the plain detail, for servers"
            " that take title and link as attributes.",
        ),
    ] = "title_detail_link"
    photos: Annotated[
        Literal["one_url", "all_urls", "upload", "upload_when_private"],
        Meta(
            title="Photos",
            description="A link to the first photo, links to all of them, or the photos themselves."
            " Photos of private reports always travel themselves and are never linked.",
        ),
    ] = "all_urls"
    attribute_style: Annotated[
        Literal["repeat", "brackets"],
        Meta(
            title="Several answers to one question",
            description="repeat sends attribute[CODE] again for each; brackets sends"
            " attribute[CODE][].",
        ),
    ] = "repeat"
    coordinates: Annotated[
        Literal["degrees", "grid"],
        Meta(
            title="Coordinates",
            description="lat and long in degrees (WGS84); or grid: northing and easting in the"
            " projection below, both ways.",
        ),
    ] = "degrees"
    projection: Annotated[
        str,
        Meta(
            title="Projection",
            description="For grid coordinates and for the attributes easting and northing, by its"
            " EPSG name. EPSG:27700 is the British national grid.",
        ),
    ] = "EPSG:27700"
    always_latlong: Annotated[
        bool,
        Meta(
            title="Always send coordinates",
            description="Off: where the reporter could not place the pin, the address near it goes"
            " instead.",
        ),
    ] = True
    requires_email: Annotated[
        bool,
        Meta(title="Requires an e-mail address", description="The server refuses without one."),
    ] = False
    substitute_email: Annotated[
        str,
        Meta(
            title="Our e-mail address",
            description="Sent where an e-mail address is required and the reporter gave none.",
        ),
    ] = ""
    key_on_get: Annotated[
        bool,
        Meta(
            title="Key with every question",
            description="The server wants the API key when it is asked, too. With updates and"
            " everything we send, the key always goes.",
        ),
    ] = False
    news: Annotated[
        Literal["updates", "requests"],
        Meta(
            title="News comes from",
            description="updates: the list of updates (GET servicerequestupdates). requests: for"
            " servers without it; we ask about our open reports by their numbers"
            " (GET requests?service_request_id=…) and take status, status_notes and"
            " updated_datetime.",
        ),
    ] = "updates"
    lists_requests: Annotated[
        bool,
        Meta(
            title="Its requests can be listed",
            description="After a lost answer we look for the report in its list before sending it"
            " again. Off for servers that do not list requests to us.",
        ),
    ] = True
    page_size: Annotated[
        int,
        Meta(
            title="Rows of a page",
            description="For a server that gives its list in numbered pages (page, page_size)."
            " 0: pages are followed only where the server names the next one.",
            ge=0,
            le=1000,
        ),
    ] = 0
    most_rows: Annotated[
        int,
        Meta(
            title="Most rows of an answer",
            description="An answer this long was cut: the same is asked again in shorter spans.",
            ge=1,
        ),
    ] = 1000
    already_exists: Annotated[
        str,
        Meta(
            title="“Already exists” answer",
            description="A regular expression. An error whose words it matches means that the"
            " report arrived before; a group named id in it is the server's number of it.",
        ),
    ] = ""
