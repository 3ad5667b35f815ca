"""A works system whose JSON was XML once, as they are found: no list of one, `@` and `#text`, all
answers 200, times in ticks, pages by a cursor, events handed out once or by a cursor for ever."""

from datetime import datetime
from typing import Any

from waywarden.adapters.rest.fake import Answered, Asked, Desk
from waywarden.kernel import clock
from waywarden.open311.dates import read_date

PAGE = 2

ODD = """
[system]
url = "https://api.vendor.example/v2"

[system.report]
path = "/svc/EnquiryCreate"
id = 'Result.Enquiry."@no"'
refused = "Result.Error.Message"
[system.report.body.Enquiry]
"@type" = "{{ category }}"
"@ref" = "{{ ref }}"
Text = { "#text" = "{{ description }}" }
Position = { "@lat" = "{{ lat }}", "@lon" = "{{ long }}" }

[system.find_report]
path = "/svc/EnquiryList"
query = { ref = "{{ ref }}" }
rows = "Enquiries.Enquiry || `[]`"
id = '"@no"'
ref = '"@ref"'

[system.message]
path = "/svc/NoteCreate"
id = 'Result.Note."@no"'
refused = "Result.Error.Message"
body = { Note = { "@enquiry" = "{{ report }}", "@ref" = "{{ ref }}", "#text" = "{{ text }}" } }

[system.find_message]
path = "/svc/NoteList"
query = { enquiry = "{{ report }}" }
rows = "Notes.Note || `[]`"
id = '"@no"'
ref = '"@ref"'

[system.questions]
path = "/svc/Fields"
query = { type = "{{ category }}" }
rows = "Fields.Field || `[]`"
code = '"@name"'
text = '"#text"'
required = '"@mandatory"'

[system.reports]
path = "/svc/EnquiryList"
query = { from = "{{ created_from | epoch }}", to = "{{ created_to | epoch }}" }
rows = "Enquiries.Enquiry || `[]`"
one = "/svc/Enquiry/{{ id }}"
one_row = "Enquiry"
id = '"@no"'
ref = '"@ref"'
category = '"@type"'
status = "State"
text = 'Text."#text"'
created = "Made"
changed = "Changed"
lat = 'Position."@lat"'
long = 'Position."@lon"'
paging = { kind = "cursor", parameter = "cursor", next = 'Enquiries."@next"' }

[system.updates]
path = "/svc/Events"
rows = "Events.Event || `[]`"
once = true
id = '"@id"'
report = '"@enquiry"'
status = "State"
text = '"#text"'
at = "Made"
paging = { kind = "cursor", parameter = "after", next = 'Events."@last"' }

[statuses]
New = "open"
Done = "fixed"

[services.POTHOLE]
name = "Pothole"
"""


class OddDesk(Desk):
    """Events go when they have been read, unless `keeps_events`; then a cursor leads on."""

    keeps_events = False
    knows_only: frozenset[str] = frozenset({"POTHOLE"})

    def answer(self, asked: Asked) -> Answered:
        with self.lock:
            found: Answered = getattr(self, f"_{asked.path[1].lower()}")(asked)
        return found

    def _enquirycreate(self, asked: Asked) -> Answered:
        given = asked.body["Enquiry"]
        if given["@type"] not in self.knows_only:
            words = f"Type {given['@type']} does not exist"
            return 200, {"Result": {"@status": "FAILED", "Error": {"Message": words}}}
        case = self.add_case({**given, "reference": given["@ref"]})
        case |= {"@no": case["number"], "made": clock.now(), "touched": clock.now()}
        return 200, {"Result": {"@status": "OK", "Enquiry": {"@no": case["number"]}}}

    def _enquirylist(self, asked: Asked) -> Answered:
        query = asked.query
        rows = [case for case in self.cases.values() if query.get("ref") in (None, case["@ref"])]
        start, end = int(query.get("from", 0)), int(query.get("to", 9e12))
        rows = [case for case in rows if start <= case["made"].timestamp() < end + 1]
        at = int(query.get("cursor", "0"))
        found = _listed("Enquiry", [_shown(one) for one in rows[at : at + PAGE]])
        if at + PAGE < len(rows):
            found["@next"] = str(at + PAGE)
        return 200, {"Enquiries": found}

    def _enquiry(self, asked: Asked) -> Answered:
        case = self.cases.get(asked.path[2])
        return 200, {"Enquiry": _shown(case) if case else None}

    def _notecreate(self, asked: Asked) -> Answered:
        given = asked.body["Note"]
        case = self.cases.get(given["@enquiry"])
        if case is None:
            return 404, {"Result": {"Error": {"Message": "No such enquiry"}}}
        case["notes"].append({**given, "@no": f"N{len(case['notes']) + 1}"})
        return 200, {"Result": {"@status": "OK", "Note": {"@no": case["notes"][-1]["@no"]}}}

    def _notelist(self, asked: Asked) -> Answered:
        notes = self.cases.get(asked.query["enquiry"], {"notes": []})["notes"]
        return 200, {"Notes": _listed("Note", notes)}

    def _fields(self, _asked: Asked) -> Answered:
        field = {"@name": "size", "@mandatory": "false", "#text": "How large?"}
        return 200, {"Fields": {"Field": field}}

    def _events(self, asked: Asked) -> Answered:
        at = int(asked.query.get("after", "0"))
        if not self.keeps_events:
            rows, self.changes = self.changes[:PAGE], self.changes[PAGE:]
            found = _listed("Event", [_event(one) for one in rows])
            return 200, {"Events": found | ({"@last": str(at + 1)} if self.changes else {})}
        rows = self.changes[at : at + PAGE]
        found = _listed("Event", [_event(one) for one in rows])
        return 200, {"Events": found | {"@last": str(at + len(rows))}}


def _listed(name: str, rows: list[Any]) -> dict[str, Any]:
    """As XML becomes JSON: one is no list, and none is nothing."""
    if not rows:
        return {}
    return {name: rows[0] if len(rows) == 1 else rows}


def _ticks(moment: datetime) -> str:
    return f"/Date({int(moment.timestamp() * 1000)}+0000)/"


def _shown(case: dict[str, Any]) -> dict[str, Any]:
    named = {name: case[name] for name in ("@no", "@ref", "@type", "Text", "Position")}
    changed = read_date(case["changed"]).value or case["made"]
    return named | {
        "State": case["state"],
        "Made": _ticks(case["made"]),
        "Changed": _ticks(changed),
    }


def _event(change: dict[str, Any]) -> dict[str, Any]:
    made = read_date(change["at"]).value
    return {
        "@id": str(change["id"]),
        "@enquiry": change["case"],
        "State": change["state"],
        "#text": change["note"],
        "Made": _ticks(made) if made is not None else "",
    }
