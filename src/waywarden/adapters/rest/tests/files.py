"""Deployment files for the fakes that the sample file does not describe."""

LOCKING = """
[system]
url = "https://api.vendor.example/v2"

[system.auth]
kind = "oauth"
token_url = "https://login.vendor.example/token"
user = "us"
secret = { env = "VENDOR_SECRET" }

[system.report]
path = "/items"
id = "item.id"
[system.report.body]
kind = "{{ category }}"
text = "{{ description }}"
lat = "{{ lat }}"
lon = "{{ long }}"
ref = "{{ ref }}"

[system.find_report]
path = "/items"
query = { ref = "{{ ref }}" }
rows = "results"
id = "id"
ref = "attributes.ref"

[system.message]
method = "PUT"
path = "/items/{{ report }}"
before = "/items/{{ report }}"
[system.message.body]
signature = "{{ current.item.signature }}"
log = "{{ current.item.attributes.log | default('', true) }}[{{ ref }}] {{ text }}\\n"
last = "{{ ref }}"

[system.reports]
path = "/items"
one = "/items/{{ id }}"
rows = "results"
one_row = "item"
id = "id"
category = "attributes.kind"
status = "attributes.state"
text = "attributes.text"
created = "attributes.created"
changed = "attributes.changed"
lat = "attributes.lat"
long = "attributes.lon"
ref = "attributes.ref"
paging = { kind = "offset", parameter = "offset", first = 0, size = 2 }

[system.updates]
path = "/log"
query = { from = "{{ since }}", to = "{{ until }}" }
rows = "results"
id = "id"
report = "case"
status = "state"
text = "note"
at = "at"
paging = { kind = "cursor", parameter = "after", next = "next" }

[statuses]
New = "open"
Done = "fixed"

[services.POTHOLE]
name = "Pothole"
"""

ONE_SHOT = """
[system]
url = "https://api.vendor.example/v2"

[system.auth]
kind = "basic"
user = "us"
secret = { env = "VENDOR_SECRET" }

[system.report]
path = "/tickets"
id = "ticket"
[system.report.body]
sort = "{{ category }}"
words = "{{ description }}"
lat = "{{ lat }}"
lon = "{{ long }}"

[system.message]
path = "/tickets/{{ report }}/said"
body = { words = "{{ text }}" }

[system.reports]
path = "/tickets"
one = "/tickets/{{ id }}"
rows = "tickets"
id = "number"
category = "sort"
status = "state"
text = "words"
created = "created"
changed = "changed"
lat = "lat"
long = "lon"

[system.updates]
path = "/events"
rows = "events"
once = true
report = "ticket"
status = "state"
text = "said"

[statuses]
New = "open"
Done = "fixed"

[services.POTHOLE]
name = "Pothole"
"""

POST_ROOM = """
[system]
url = "https://api.vendor.example/v2"

[system.report]
path = "/tray"
token = "slip"
[system.report.body]
kind = "{{ category }}"
words = "{{ description }}"
lat = "{{ lat }}"
lon = "{{ long }}"
ref = "{{ ref }}"
answers = "{{ answers }}"

[system.token]
path = "/slips/{{ token }}"
id = "number"

[system.find_report]
path = "/orders"
query = { ref = "{{ ref }}" }
id = "number"
ref = "ref"

[system.message]
path = "/tray"
token = "slip"
body = { order = "{{ report }}", words = "{{ text }}" }

[system.message_token]
path = "/slips/{{ token }}"
id = "number"

[system.categories]
path = "/kinds"

[system.questions]
path = "/kinds/{{ category }}/fields"
rows = "fields"
code = "name"
text = "label"
datatype = "type"
datatypes = { NUM = "number", PICK = "singlevaluelist" }
required = "must"
hint = "unit"
choices = "options"
choice_key = "id"
choice_name = "is"

[system.reports]
path = "/orders"
one = "/orders/{{ id }}"
one_row = "[0]"
id = "number"
category = "kind"
status = "state"
text = "words"
created = "created"
changed = "changed"
lat = "lat"
long = "lon"
ref = "ref"

[system.updates]
path = "/log"
id = "id"
report = "case"
status = "state"
text = "note"
at = "at"

[statuses]
New = "open"
Done = "fixed"
"""
