"""Some jobs for a new works database, so that there is something to look at."""

from waywarden.adapters.demo.desk import CORNERS
from waywarden.adapters.demo.works import NewJob, Works

_SAMPLES = (
    ("POTH", "Three Smiths", "Hole in the cycle lane, the size of a dinner plate."),
    ("LAMP", "Forum", "Two lamps dark beside the tram stop."),
    ("DRAI", "Kaisaniemi Park", "Gully full of leaves; a puddle across the crossing after rain."),
    ("LITT", "Market Square", "Bin overflowing on Sunday evening."),
    ("GRAF", "Kasarmitori", "Paint on the wall of the stairs."),
    ("TREE", "Töölö Bay", "A large branch lies on the path."),
)
_BECAME = {
    "POTH": ("ORDERED", "Repair is planned for this week."),
    "LAMP": ("INSPECTED", ""),
    "LITT": ("DONE", "Emptied on Monday morning."),
    "TREE": ("DONE", "The branch has been taken away."),
}


def add_samples(works: Works) -> None:
    """Enters jobs as the council's own staff would, some of them already worked on."""
    for kind, corner, details in _SAMPLES:
        lat, lon = CORNERS[corner]
        job_no = works.add_job(
            NewJob(job_type=kind, details=details, lat=lat, lon=lon, place=corner)
        )
        if kind in _BECAME:
            state, note = _BECAME[kind]
            works.change_job(job_no, state=state, note=note)
