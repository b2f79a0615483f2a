"""What a believable crowd is called and what it says: two languages, several places, nothing that would be held."""

from __future__ import annotations

import random
from collections.abc import Sequence

import msgspec


class Voice(msgspec.Struct, frozen=True):
    """What is said in one language, by the moment of the gathering."""

    greetings: tuple[str, ...]  # {place} is where somebody writes from
    words: tuple[str, ...]
    answers: tuple[str, ...]  # to a question
    replies: tuple[str, ...]  # to anything else
    goodbyes: tuple[str, ...]


_FIRST = {
    "en": (
        "Abena Ada Aisha Alice Amara Andrew Anna Arthur Ben Blessing Caleb Carol Chidi Chloe Daniel David Dorothy "
        "Ebony Elijah Emeka Emma Esther Faith Femi Fiona Frank Gareth Gloria Grace Hannah Harriet Isaac Ivy Jack "
        "James Janet Joan Joel John Joy Judith Kemi Kofi Leah Liam Linda Lydia Mark Martha Mary Mei Miriam Naomi "
        "Nathan Ngozi Oliver Patience Paul Peter Philip Priya Rachel Rebecca Rose Ruth Sam Sarah Simon Sophie "
        "Stephen Susan Tabitha Tariq Thomas Tobi Victoria Wanjiru Will Yemi Zoe"
    ),
    "es": (
        "Alejandra Ana Andrés Beatriz Camila Carlos Carmen Cecilia Daniela Diego Elena Esperanza Esteban Gabriela "
        "Gloria Guillermo Inés Isabel Javier Jimena Jorge José Juan Julia Luis Luz Marcos María Mario Marta Miguel "
        "Nicolás Noemí Pablo Paloma Pilar Raúl Rocío Rosa Samuel Sofía Tomás Valeria Verónica Ximena"
    ),
}
_LAST = "ABCDEFGHIJKLMNOPRSTVWYZ"
_PLACES = {
    "en": (
        "Leeds",
        "Lagos",
        "Nairobi",
        "Manila",
        "Cardiff",
        "the night shift",
        "Toronto",
        "Accra",
        "our kitchen",
        "Belfast",
        "the train to York",
        "Singapore",
        "Cape Town",
        "Ohio",
        "a hospital bed",
        "Glasgow",
    ),
    "es": (
        "Valencia",
        "Bogotá",
        "Lima",
        "Guadalajara",
        "Sevilla",
        "Quito",
        "casa de la abuela",
        "Rosario",
        "Miami",
        "el turno de noche",
    ),
}
VOICES = {
    "en": Voice(
        greetings=(
            "Good morning from {place}!",
            "Good morning, all.",
            "Hello everyone, {place} here.",
            "Peace to you all 🕊️",
            "Morning! Late as ever, coffee in hand ☕",
            "Watching with the children today, so it may be noisy.",
            "Good to be here. Greetings from {place}.",
            "First time here, hello!",
            "Back after three weeks with the flu. I missed this.",
            "Joining from {place} with my mum, who is ninety today 🎉",
        ),
        words=(
            "Amen",
            "Amen 🙏",
            "Amen and amen.",
            "Thank you, Lord.",
            "I needed to hear that today.",
            "This song gets me every time.",
            "“Be still, and know that I am God.”",
            "Praying for everyone who is ill this week.",
            "The choir sounds wonderful!",
            "So true.",
            "Please remember my brother, he has his interview tomorrow.",
            "Writing that down.",
            "What was the verse again?",
            "Hallelujah!",
            "Beautiful reading, well done to the young people.",
            "We are singing along in our living room.",
            "Thankful for this church.",
            "Who else has a dog that howls at the organ? 😄",
            "That picture of the shepherd will stay with me.",
            "God is good.",
            "Can somebody tell me when the food bank is open?",
            "Tears here, the good kind.",
        ),
        answers=(
            "It is in the notes on our website.",
            "I wondered about that too.",
            "Thursday, I think, ask at the welcome desk.",
            "I believe so!",
            "Psalm 46, verse 10.",
        ),
        replies=(
            "Amen to that.",
            "Welcome! So glad you are here.",
            "Praying with you 🙏",
            "Same here.",
            "Thank you for saying this.",
            "❤️",
            "God bless you.",
            "We will remember you this week.",
        ),
        goodbyes=(
            "Thank you, everyone. See you next Sunday!",
            "God bless, have a good week.",
            "Off to put the roast in. Bye all 👋",
            "That was good for my soul. Thank you.",
            "Peace be with you.",
        ),
    ),
    "es": Voice(
        greetings=(
            "¡Buenos días desde {place}!",
            "Buenos días a todos.",
            "Bendiciones desde {place} 🙏",
            "Hola, es mi primera vez aquí.",
            "Hoy estamos toda la familia frente a la pantalla.",
            "Paz a todos.",
        ),
        words=(
            "Amén",
            "Amén 🙏",
            "Gloria a Dios.",
            "Gracias, Señor.",
            "Qué palabra tan necesaria.",
            "Oremos por los enfermos de esta semana.",
            "Esta canción me llega al alma.",
            "Cantamos con ustedes desde casa.",
            "¿Qué salmo era?",
            "Dios es bueno.",
            "Pido oración por mi hija, que viaja hoy.",
            "¡Aleluya!",
        ),
        answers=(
            "Está en las notas de la página.",
            "El salmo 46.",
            "Creo que sí.",
            "Yo tengo la misma duda.",
        ),
        replies=(
            "Amén.",
            "¡Bienvenida, qué alegría!",
            "Oramos contigo 🙏",
            "Gracias por decirlo.",
            "Igualmente.",
        ),
        goodbyes=(
            "Gracias a todos, hasta el domingo.",
            "Dios los bendiga, buena semana.",
            "Un abrazo, ¡adiós! 👋",
        ),
    ),
}
EMOJI = ("🙏", "❤️", "🙌", "😊", "🎉", "😢")
SPANISH = 0.2  # of the crowd


def names(many: int, chance: random.Random) -> list[tuple[str, str]]:
    """Return so many names with their languages; a large hall has two of the same name, as halls do."""
    languages = ["es" if chance.random() < SPANISH else "en" for _ in range(many)]
    return [
        (
            f"{chance.choice(_FIRST[language].split())} {chance.choice(_LAST)}"
            if chance.random() < 0.7
            else chance.choice(_FIRST[language].split()),
            language,
        )
        for language in languages
    ]


def line(language: str, moment: str, chance: random.Random) -> str:
    """Return something to say: `moment` is a field of Voice."""
    lines: Sequence[str] = getattr(VOICES[language], moment)
    return chance.choice(lines).replace("{place}", chance.choice(_PLACES[language]))
