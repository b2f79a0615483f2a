"""Who can sign in to the demo church; these passwords are known to everybody and exist in no other installation."""

from __future__ import annotations

import msgspec

SLUG = "grace"
NAME = "Grace Community Church"
VERSION = 1  # of the church's content: raise it when more is put in, and the next start adds what is missing


class Login(msgspec.Struct, frozen=True):
    """One account of the demo church."""

    name: str
    email: str
    password: str
    role: str
    locale: str = "en"


# what the screen shows: one of each kind of person
LOGINS = (
    Login("Maria Delgado", "owner@grace.example", "harbor-lantern-seven", "owner"),
    Login("Ruth Okafor", "pastor@grace.example", "quiet-river-psalm", "pastor"),
    Login("Tom Bergström", "moderator@grace.example", "copper-kettle-hymn", "moderator"),
    Login("Samuel Adeyemi", "samuel.adeyemi@grace.example", "candle-window-evening", "prayer_team"),
    Login("Eleanor Whitfield", "member@grace.example", "garden-bench-sunday", "member"),
)
# who else is there, with passwords that nobody is told
OTHERS = (
    ("Esther Kim", "esther.kim@grace.example", "admin", "en"),
    ("Lucía Fernández", "lucia.fernandez@grace.example", "prayer_team", "es"),
    ("Hannah Brandt", "hannah.brandt@grace.example", "moderator", "en"),
    ("Mateo García", "mateo.garcia@grace.example", "member", "es"),
    ("Grace Mbeki", "grace.mbeki@grace.example", "member", "en"),
    ("Noor Haddad", "noor.haddad@grace.example", "member", "en"),
    ("Peter Novák", "peter.novak@grace.example", "member", "en"),
    ("Abigail Stone", "abigail.stone@grace.example", "member", "en"),
    ("Jonah Petersen", "jonah.petersen@grace.example", "member", "en"),
)
# what was said in the hall before you came: the e-mail of who said it, and the words; ">" answers the one before
TALK = (
    (
        "pastor@grace.example",
        "Good morning, everyone! The hall is open, come in and make yourselves at home.",
    ),
    (
        "peter.novak@grace.example",
        "Morning from Leeds. The kettle is on and the children are nearly dressed.",
    ),
    (
        "grace.mbeki@grace.example",
        "Good morning! First time watching from the hospital café, the picture is lovely.",
    ),
    ("hannah.brandt@grace.example", "> So glad you are with us, Grace. Tell us how today goes for you?"),
    ("grace.mbeki@grace.example", "> Thank you! My sister is out of surgery and she is smiling."),
    ("samuel.adeyemi@grace.example", "Thanks be to God! We prayed for her on Wednesday."),
    ("lucia.fernandez@grace.example", "¡Buenos días desde Valencia! Hoy somos siete en casa."),
    ("noor.haddad@grace.example", "Which reading is it today?"),
    (
        "moderator@grace.example",
        "> Psalm 46, \u201cGod is our refuge and strength\u201d. The notes are on our website.",
    ),
    ("jonah.petersen@grace.example", "Sound is good here."),
    ("abigail.stone@grace.example", "Is there a group for new parents this week?"),
    ("esther.kim@grace.example", "> Yes! Thursday at ten in the lower hall, babies very welcome."),
    ("owner@grace.example", "Coffee afterwards at the back for everyone who is here in person."),
)
