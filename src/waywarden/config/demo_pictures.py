"""Pictures for the demo's reports, drawn by us: a few strokes that show the kind of problem."""

import io
import random
from collections.abc import Callable

from PIL import Image, ImageDraw, ImageFilter

SIZE = (1280, 960)
Ink = ImageDraw.ImageDraw
Dice = random.Random


def picture(category: str, dice: Dice) -> io.BytesIO:
    """A JPEG for a category; no two are alike."""
    image = Image.new("RGB", SIZE, _tone(dice, (168, 176, 178)))
    ink = ImageDraw.Draw(image)
    _street(ink, dice)
    _SUBJECTS.get(category, _sign)(ink, dice)
    image = Image.blend(image.filter(ImageFilter.GaussianBlur(1.2)), _grain(dice), 0.12)
    out = io.BytesIO()
    image.save(out, "JPEG", quality=82)
    out.seek(0)
    return out


def _tone(dice: Dice, colour: tuple[int, int, int], by: int = 14) -> tuple[int, int, int]:
    shift = dice.randint(-by, by)
    red, green, blue = (max(0, min(255, part + shift)) for part in colour)
    return red, green, blue


def _grain(dice: Dice) -> Image.Image:
    noise = Image.frombytes("L", (320, 240), dice.randbytes(320 * 240))
    return noise.resize(SIZE).convert("RGB")


def _street(ink: Ink, dice: Dice) -> None:
    """Sky, a row of houses, pavement, road with a broken line."""
    ink.rectangle((0, 0, 1280, 300), fill=_tone(dice, (206, 219, 228)))
    left = -60
    while left < 1280:
        width, top = dice.randint(150, 260), dice.randint(70, 190)
        wall = _tone(
            dice, dice.choice(((214, 196, 166), (196, 170, 148), (222, 214, 200), (178, 186, 172)))
        )
        ink.rectangle((left, top, left + width, 430), fill=wall)
        for row in range(top + 30, 390, 70):
            for column in range(left + 26, left + width - 40, 58):
                ink.rectangle(
                    (column, row, column + 28, row + 42), fill=_tone(dice, (92, 108, 122))
                )
        left += width
    ink.rectangle((0, 430, 1280, 520), fill=_tone(dice, (186, 182, 174)))
    ink.rectangle((0, 520, 1280, 960), fill=_tone(dice, (98, 100, 104)))
    for start in range(dice.randint(-120, 0), 1280, 260):
        ink.polygon(
            ((start, 640), (start + 130, 640), (start + 122, 656), (start - 10, 656)),
            fill=(226, 224, 214),
        )


def _hole(ink: Ink, dice: Dice) -> None:
    x, y = dice.randint(380, 760), dice.randint(680, 780)
    for shrink, colour in ((0, (78, 78, 80)), (18, (58, 56, 56)), (44, (40, 38, 38))):
        points = []
        for step in range(18):
            reach = 1 + dice.uniform(-0.12, 0.12)
            across, down = (190 - shrink * 1.6) * reach, (88 - shrink) * reach
            angle = step / 18 * 6.2832
            points.append((x + across * _cos(angle), y + down * _cos(angle - 1.5708)))
        ink.polygon(points, fill=colour)


def _cos(angle: float) -> float:
    return complex(2.718281828459045 ** (1j * angle)).real


def _tree(ink: Ink, dice: Dice) -> None:
    y = dice.randint(600, 700)
    ink.line((120, y + 120, 1060, y), fill=(92, 70, 50), width=34)
    for step in range(16):
        x = 420 + step * 44
        top = y + 60 - step * 6
        reach = dice.randint(60, 130)
        ink.line(
            (x, top, x + reach, top - reach * dice.choice((-1, 1))), fill=(98, 78, 56), width=9
        )
        for _leaf in range(12):
            a, b = x + dice.randint(-70, 110), top + dice.randint(-110, 110)
            ink.ellipse((a, b, a + 34, b + 22), fill=_tone(dice, (92, 124, 70), 26))


def _puddle(ink: Ink, dice: Dice) -> None:
    ink.ellipse((180, 540, 1080, 860), fill=_tone(dice, (128, 146, 158)))
    ink.ellipse((300, 590, 940, 790), fill=_tone(dice, (150, 168, 180)))
    ink.rectangle((560, 560, 720, 640), fill=(52, 54, 56))
    for bar in range(570, 720, 24):
        ink.line((bar, 564, bar, 636), fill=(90, 92, 94), width=8)
    for _leaf in range(70):
        x, y = dice.randint(500, 800), dice.randint(540, 680)
        ink.ellipse((x, y, x + 30, y + 16), fill=_tone(dice, (170, 120, 54), 30))


def _spray(ink: Ink, dice: Dice) -> None:
    ink.rectangle((0, 160, 1280, 520), fill=_tone(dice, (202, 190, 172)))
    colour = dice.choice(((176, 40, 92), (36, 92, 168), (44, 130, 84)))
    x, y = 240, 360
    stroke = [(x, y)]
    for _turn in range(15):
        x, y = x + dice.randint(30, 80), 340 + dice.randint(-110, 110)
        stroke.append((x, y))
    ink.line(stroke, fill=colour, width=26, joint="curve")


def _bin(ink: Ink, dice: Dice) -> None:
    ink.rectangle((540, 420, 740, 740), fill=(58, 92, 76))
    ink.rectangle((520, 400, 760, 440), fill=(48, 78, 64))
    for _bag in range(26):
        x, y = dice.randint(420, 840), dice.choice((dice.randint(330, 420), dice.randint(700, 790)))
        size = dice.randint(26, 74)
        ink.ellipse(
            (x, y, x + size, y + size * 0.7),
            fill=_tone(
                dice, dice.choice(((224, 224, 220), (188, 60, 52), (70, 96, 150), (212, 176, 84)))
            ),
        )


def _lamp(ink: Ink, dice: Dice) -> None:
    ink.rectangle((0, 0, 1280, 960), fill=_tone(dice, (38, 44, 58)))
    for left in range(0, 1280, 210):
        ink.rectangle(
            (left, dice.randint(200, 300), left + 190, 560), fill=_tone(dice, (52, 58, 72))
        )
    ink.rectangle((0, 560, 1280, 960), fill=(30, 32, 38))
    ink.line((640, 820, 640, 180, 760, 150), fill=(96, 100, 108), width=16)
    ink.ellipse((730, 140, 830, 180), fill=(70, 74, 82))
    ink.ellipse((1010, 300, 1070, 330), fill=(250, 226, 160))


def _sign(ink: Ink, dice: Dice) -> None:
    """Anything else: a box on the pavement with papers on it."""
    ink.rectangle((420, 260, 860, 560), fill=_tone(dice, (120, 134, 128)))
    for _paper in range(14):
        x, y = dice.randint(420, 760), dice.randint(260, 460)
        ink.rectangle(
            (x, y, x + 96, y + 128),
            fill=_tone(
                dice, dice.choice(((236, 232, 222), (232, 196, 96), (196, 84, 84), (120, 160, 200)))
            ),
        )


_SUBJECTS: dict[str, Callable[[Ink, Dice], None]] = {
    "Potholes": _hole,
    "Fallen trees": _tree,
    "Blocked drains": _puddle,
    "Graffiti": _spray,
    "Litter": _bin,
    "Street lighting": _lamp,
}
