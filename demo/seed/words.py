"""What people in a seeded school are called and write: put together from lists, about nobody."""

from demo.seed.draw import Draw


def _words(text: str) -> list[str]:
    return text.split()


GIVEN = _words(
    "Aad Abel Adil Aisha Amber Anouk Arda Bas Bente Bilal Britt Chaima Daan Deniz Elif Emma Esmee"
    " Fadi Femke Finn Floor Gijs Hamza Hanna Ilse Imane Isa Jade Jelle Jesse Joris Julia Kaan"
    " Kelly Koen Lars Lieke Lina Lotte Luuk Maartje Mees Merel Milan Mo Nadia Naomi Niels Noor"
    " Omar Pim Puck Rayan Robin Roos Ruben Sami Sanne Sara Selin Sem Sofie Stijn Tess Thijs Tijn"
    " Vera Wout Xavi Yara Youssef Zoe"
)
BEFORE = ("", "", "", "van ", "de ", "van de ", "van der ")
FIRST_HALF = _words(
    "Boom Berg Veld Wester Ooster Noorder Zuider Linde Beek Duin Hei Kerk Molen Steen"
)
SECOND_HALF = _words("hof stra man huis kamp dijk ink mans horst meer broek sen sma stede")

TRADES = (
    ("Zorg en samenleven", ("een bewoner", "de familie", "een collega in de zorg")),
    ("Techniek in huis", ("een klant", "de monteur", "mijn ploeg")),
    ("Gast en keuken", ("een gast", "de kok", "de bediening")),
)
TASKS = ("Werken met mensen", "Het werk uitvoeren", "Werken aan je vak")
PROCESSES = (
    "Bereidt het werk voor",
    "Voert het werk uit",
    "Werkt samen in een team",
    "Geeft uitleg en advies",
    "Controleert de kwaliteit",
    "Rondt het werk af",
    "Bespreekt het eigen werk",
    "Werkt veilig en netjes",
    "Volgt het vak bij",
    "Verbetert het eigen werk",
)
FINDING_OUT = ("Uitzoeken wat bij mij past", "Op weg naar een vak", "Eerst kijken, dan kiezen")

DOES = (
    "overleggen met",
    "uitleg geven aan",
    "rustig blijven bij",
    "hulp vragen aan",
    "samenwerken met",
    "luisteren naar",
    "plannen met",
    "nee zeggen tegen",
    "een gesprek beginnen met",
    "iets voordoen aan",
)
WHEN = ("als het druk is", "zonder hulp", "in het Engels", "op een nieuwe plek", "elke week", "")
SUCCESS = (
    "Het lukt drie keer achter elkaar.",
    "Mijn begeleider hoeft niet meer mee te kijken.",
    "Ik kan aan een ander uitleggen hoe ik het doe.",
    "Wie ik help zegt dat het prettig ging.",
)
APPROACH = (
    "Eerst kijk ik mee, daarna doe ik het zelf.",
    "Ik oefen elke week één keer en schrijf op hoe het ging.",
    "Ik vraag na afloop wat beter kan.",
)
DID = (
    "Vandaag heb ik het voor het eerst alleen gedaan.",
    "Ik heb het samen met een collega gedaan.",
    "Het liep anders dan ik dacht.",
    "Ik heb vooraf opgeschreven wat ik wilde doen.",
    "Er was weinig tijd, dus ik moest kiezen.",
    "Ik heb gevraagd wat de ander ervan vond.",
)
LEARNED = (
    "Ik merkte dat voorbereiden helpt.",
    "De volgende keer vraag ik eerder om hulp.",
    "Ik bleef rustig en dat werkte.",
    "Ik weet nu welke vraag ik eerst moet stellen.",
    "Dit wil ik nog een keer oefenen.",
    "Het ging sneller dan vorige maand.",
)
SEEN = (
    "Je nam de tijd en vroeg door.",
    "Je deed dit helemaal zelf.",
    "Let nog op de volgorde.",
    "Samen ging dit goed, de volgende keer alleen.",
    "Je legde helder uit wat je deed.",
    "Ik zag dat je eerst nadacht.",
)
ASKS = ("Wil je hiernaar kijken?", "Wat viel jou op?", "Ben ik op de goede weg?")
WONDERS = (
    "Waarom doen ze het hier anders dan op school?",
    "Hoe weet je wanneer je moet ingrijpen?",
    "Mag ik dit ook zonder begeleider doen?",
    "Wat doe ik als iemand niet wil meewerken?",
)
TALKED = (
    "We keken naar wat lukte en wat nog lastig is.",
    "Afgesproken: twee keer oefenen en daarna weer praten.",
    "De bpv gaat goed. Een nieuw doel kiezen we volgende keer.",
    "We bespraken het verschil tussen wat wij zien.",
)
REPLIES = ("Kijk ook eens naar je vorige stuk.", "Mooi gedaan.", "Wat zou je nu anders doen?")
REASONS = ("Ik wil dit nog eens rustig doen.", "Hier wil ik meer van weten.", None)
LESSONS = ("Rekenen in het vak", "Schrijven zonder fouten", "Leren plannen", "Engels op het werk")
COURSES = ("Vakles", "Nederlands", "Rekenen", "Burgerschap")
WORK = ("Opdracht", "Toets", "Verslag", "Oefening", "Presentatie")
CITIES = ("Assen", "Breda", "Deventer", "Goes", "Hoorn", "Leeuwarden", "Roermond", "Zeist")
COMPANY_KINDS = ("Huis", "Werkplaats", "Atelier", "Zorghuis", "Eethuis", "Bedrijf")


def person(draw: Draw) -> tuple[str, str]:
    """Return an invented name, and its given name."""
    given = draw.choice(GIVEN)
    family = draw.choice(BEFORE) + draw.choice(FIRST_HALF) + draw.choice(SECOND_HALF)
    return f"{given} {family}", given


def company(draw: Draw) -> str:
    """Return an invented company's name."""
    return f"{draw.choice(COMPANY_KINDS)} {draw.choice(FIRST_HALF)}{draw.choice(SECOND_HALF)}"


def goal(draw: Draw, others: tuple[str, ...]) -> tuple[str, str]:
    """Return a goal's title, and the question that it began with."""
    does, whom, when = draw.choice(DOES), draw.choice(others), draw.choice(WHEN)
    about = f"{does} {whom} {when}".strip()
    return f"Ik kan {about}", f"Hoe leer ik {about}?"
