"""What the demo's made-up people report, and what the county says to it."""

from dataclasses import dataclass

from waywarden.reports.states import State


@dataclass(frozen=True, slots=True)
class Story:
    """What a made-up report says; `job_type` is the works system's, "" for bodies without one."""

    category: str
    job_type: str
    title: str
    detail: str


STORIES = (
    Story(
        "Potholes",
        "POTH",
        "Pothole by the crossing",
        "About as wide as a dinner plate and getting deeper. Cyclists swerve into the traffic.",
    ),
    Story(
        "Potholes",
        "POTH",
        "Road surface breaking up",
        "The asphalt has come loose along several metres. It is worst in the right-hand wheel track.",
    ),
    Story(
        "Potholes",
        "POTH",
        "Deep hole next to the tram rails",
        "You do not see it when it is full of rain water. Somebody will fall.",
    ),
    Story(
        "Fallen trees",
        "TREE",
        "Branch across the path",
        "A big branch came down in the wind and lies over the whole path. Prams cannot pass.",
    ),
    Story(
        "Blocked drains",
        "DRAI",
        "Drain is full of leaves",
        "After every rain there is a lake at the crossing, right where people wait for the green light.",
    ),
    Story(
        "Blocked drains",
        "DRAI",
        "Water does not run off",
        "The gully seems to be blocked with sand. The pavement is under water.",
    ),
    Story(
        "Graffiti",
        "GRAF",
        "Graffiti on the stairs",
        "Both walls of the stairs have been sprayed, as far up as one can reach.",
    ),
    Story(
        "Litter",
        "LITT",
        "Bin overflowing again",
        "The bin by the bench has been full since the weekend, and the gulls do the rest.",
    ),
    Story(
        "Street lighting",
        "",
        "Street lamp out",
        "The lamp in front of the entrance has been dark for a week.",
    ),
    Story(
        "Abandoned bicycles",
        "",
        "Wreck of a bicycle at the rack",
        "It has stood there since spring, without wheels. There is a green lock on it.",
    ),
    Story(
        "Dog mess",
        "",
        "Dog mess on the lawn",
        "The lawn where children play is full of it. A sign and a bin would help.",
    ),
    Story(
        "Parks and playgrounds",
        "",
        "Swing is broken",
        "One of the chains has come off, and the seat hangs down on one side.",
    ),
    Story(
        "Fly-posting",
        "",
        "Posters on the transformer box",
        "The box at the corner is covered with posters from top to bottom.",
    ),
)
DISTRICT_CATEGORIES = (
    ("Abandoned bicycles", "Streets", "Wrecks that take up a rack or the pavement."),
    ("Dog mess", "Parks and greens", "Where it keeps happening, or a bin is missing."),
    ("Parks and playgrounds", "Parks and greens", "Benches, swings, lawns, paths in parks."),
    ("Fly-posting", "Streets", "Posters and stickers where they do not belong."),
)
PAST = (
    (State.FIXED_COUNCIL, "DONE", "Fixed by Borsetshire Council road crew."),
    (State.FIXED_COUNCIL, "DONE", "Our crew was there this morning. Thank you for telling us."),
    (State.IN_PROGRESS, "ORDERED", "We have ordered the repair; the crew comes within two weeks."),
    (State.INVESTIGATING, "INSPECTED", "An inspector has looked at it."),
    (
        State.UNABLE_TO_FIX,
        "NO_ACTION",
        "We have looked at it and it is safe. We will keep an eye on it.",
    ),
)
NEIGHBOURS = (
    "Aino Virtanen", "Onni Laine", "Sami Korhonen", "Leila Haddad", "Mikko Niemi", "Grace Okafor",
    "Ella Mäkinen", "Viktor Petrov", "Nora Lindholm", "Hamid Rahimi",
)  # fmt: skip
