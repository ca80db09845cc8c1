"""What the header of a column means, in the Dutch and English that schools write above columns."""

import re
import unicodedata
from enum import StrEnum
from functools import lru_cache


class Means(StrEnum):
    """What a column tells; the words that a mapping uses."""

    NUMBER = "number"
    EMAIL = "email"
    NAME = "name"
    GIVEN_NAME = "given_name"
    PREFIX = "prefix"
    FAMILY_NAME = "family_name"
    ROLE = "role"
    GROUP = "group"
    GROUP_CODE = "group_code"
    ITEM = "item"
    RESULT = "result"
    REMARK = "remark"
    DATE = "date"
    PRESENT = "present"
    PARTICIPATION = "participation"
    HOURS = "hours"
    COMPANY = "company"
    COMPANY_NUMBER = "company_number"
    CITY = "city"
    FROM = "from"
    UNTIL = "until"
    ENDED = "ended"
    LESSON = "lesson"
    ABOUT = "about"
    URL = "url"
    LOWEST = "lowest"
    HIGHEST = "highest"
    DUE = "due"
    UNUSED = "unused"


# Under these stands a number in one school and a name in another: the cells say which.
PEOPLE = frozenset({"student", "leerling", "deelnemer", "learner", "pupil"})
# A running number may stand under these; a person's own number only where nothing better does.
WEAK_NUMBERS = frozenset({"nr", "nummer", "no", "number", "id", "code", "identifier"})
# Of these the cells say which.
OWN_NUMBERS = frozenset({"nr", "nummer", "no", "number"})
# Of several date columns the first of these counts.
BEST_DATES = ("datum", "date", "datumtijd", "tijdstip", "datetime", "timestamp")
_WORDS: dict[Means, str] = {
    Means.NUMBER: (
        "leerlingnummer leerlingnr leerlingno llnr llnummer studentnummer studentnr studentid "
        "studentennummer studentno studentnumber stamnummer stamnr deelnemernummer deelnemernr "
        "idnumber idnummer idnr personeelsnummer medewerkernummer persoonsnummer relatienummer "
        "learnerid pupilid"
    ),
    Means.EMAIL: (
        "email emailadres emailaddress mail mailadres schoolmail eadres studentmail upn "
        "studentemail emailschool"
    ),
    Means.NAME: (
        "naam name volledigenaam fullname leerlingnaam studentnaam naamstudent naamleerling "
        "studentname deelnemernaam naamdeelnemer weergavenaam displayname student leerling "
        "deelnemer learner pupil"
    ),
    Means.GIVEN_NAME: "voornaam voornamen roepnaam firstname givenname forename preferredname",
    Means.PREFIX: "tussenvoegsel tussenvoegsels tussenv tv voorvoegsel voorvoegsels middlename",
    Means.FAMILY_NAME: "achternaam familienaam geslachtsnaam surname lastname familyname",
    Means.ROLE: "rol role functie rolinschool",
    Means.GROUP: (
        "klas groep coachgroep lesgroep basisgroep stamgroep klasgroep class group team classname "
        "groupname groepsnaam klasnaam coachgroepnaam"
    ),
    Means.GROUP_CODE: "klascode groepscode groepcode classcode groupcode",
    Means.ITEM: (
        "onderdeel opdracht activiteit toets leerdoel toetsnaam opdrachtnaam vak onderwerp "
        "itemname item assignment activity task quiz exam test module subject taak toetscode "
        "assignmentname examenonderdeel"
    ),
    Means.RESULT: (
        "cijfer score resultaat beoordeling waardering eindcijfer eindresultaat punten oordeel "
        "grade result mark marks points finalgrade assessment evaluation toetsresultaat behaald"
    ),
    Means.REMARK: (
        "opmerking opmerkingen toelichting feedback commentaar notitie notities bijzonderheden "
        "remark remarks comment comments note notes explanation"
    ),
    Means.DATE: "dag day wanneer when gegevenop beoordeeldop afgenomenop behaaldop ingevoerdop "
    "gradedon datetaken tijd" + " " + " ".join(BEST_DATES),
    Means.PRESENT: (
        "aanwezig aanwezigheid presentie present presence attendance attended absentie afwezigheid "
        "aanwezigheidsstatus attendancestatus"
    ),
    Means.PARTICIPATION: "deelname deelgenomen participation participated neemtdeel enrolled",
    Means.HOURS: (
        "uren aantaluren urenbpv bpvuren geplandeuren omvang omvanguren hours plannedhours "
        "stageuren"
    ),
    Means.COMPANY: (
        "bedrijf leerbedrijf bedrijfsnaam stagebedrijf naambedrijf naamleerbedrijf company "
        "companyname employer workplace praktijkbedrijf leerbedrijfnaam stageplek stageadresnaam"
    ),
    Means.COMPANY_NUMBER: (
        "leerbedrijfid leerbedrijfnummer bedrijfsnummer bedrijfnummer bedrijfid leerbedrijfnr "
        "companyid companynumber codeleerbedrijf leerbedrijfcode"
    ),
    Means.CITY: (
        "plaats plaatsbedrijf bedrijfsplaats vestigingsplaats plaatsleerbedrijf city town "
        "companycity"
    ),
    Means.FROM: (
        "begin begindatum start startdatum van vanaf ingangsdatum datumvan datumbegin beginbpv "
        "startdate begindate from fromdate since sinds datumingang"
    ),
    Means.UNTIL: (
        "einde eind einddatum eindegepland geplandeeinddatum tot totenmet tm datumtot datumeinde "
        "eindebpv end enddate until todate to plannedend eindgepland"
    ),
    Means.ENDED: "eindewerkelijk werkelijkeeinddatum actualend ended endedon eindwerkelijk",
    Means.LESSON: (
        "les lesnaam lestitel ondersteunendeles workshop keuzeles lesson lessontitle lessonname "
        "lessonname titel title cursus course training"
    ),
    Means.ABOUT: "omschrijving beschrijving inhoud about description summary samenvatting",
    Means.URL: "link url website webadres adreswebsite hyperlink",
    Means.LOWEST: "minimum min laagste minimumscore resultvaluemin lowest minscore",
    Means.HIGHEST: (
        "maximum max hoogste maximumscore maxscore maxpunten resultvaluemax highest maxpoints"
    ),
    Means.DUE: "deadline inleverdatum inleverenvoor duedate due uiterlijk uiterstedatum",
    # What a tracker has no need of: personal particulars, and what systems put beside a table.
    Means.UNUSED: (
        "geboortedatum gebdatum dateofbirth birthdate birthday geslacht gender sex telefoon "
        "telefoonnummer mobiel phone mobile phonenumber adres address straat street huisnummer "
        "postcode zipcode postalcode woonplaats nationaliteit nationality geboorteplaats leeftijd "
        "age leerjaar cohort niveau level crebo opleiding programme jaar year schooljaar "
        "volgnummer volgnr rij row institution department instelling afdeling username "
        "gebruikersnaam login wachtwoord password lastdownloadedfromthiscourse "
        "laatstgedownloaduitdezecursus coursetotal cursustotaal totaalcursus gemiddelde average "
        "poging attempt weging weight mean totaal total bsn ouder ouders voogd iban foto photo"
    ),
}
_BY_WORD = {word: means for means, words in _WORDS.items() for word in words.split()}
_DATED = re.compile(r"(?:datum|date)[a-z]+|[a-z]+(?:datum|date)")
# What Moodle and others put around the name of an activity.
_KIND_BEFORE = re.compile(
    r"^(?:assignment|quiz|opdracht|toets|forum|h5p|scorm(?: package)?|scorm-pakket|workshop|lesson"
    r"|les|external tool|externe tool|manual item|handmatig item)\s*:\s*",
    re.IGNORECASE,
)
_FORM_BEHIND = re.compile(
    r"\s*\((?P<form>real|percentage|letter|feedback|punten|cijfer|werkelijk|reëel|letters|%)\)\s*$",
    re.IGNORECASE,
)
_FORMS = {
    "percentage": "percentage",
    "%": "percentage",
    "letter": "letter",
    "letters": "letter",
    "feedback": "feedback",
}


# Columns repeat the same few words.
@lru_cache(4096)
def plain(header: str) -> str:
    """Return a header in small letters and digits only: `E-mail adres` is `emailadres`."""
    decomposed = unicodedata.normalize("NFKD", header.casefold())
    return "".join(letter for letter in decomposed if letter.isalnum())


def meaning_of(header: str) -> Means | None:
    """Return what a header means by itself, or None when it says nothing to us."""
    bare = plain(header)
    if bare in WEAK_NUMBERS:
        return Means.NUMBER
    if bare in _BY_WORD:
        return _BY_WORD[bare]
    # `Cijfer (1-10)`, `Uren [bpv]`: what stands between brackets explains the word before it.
    outside = plain(re.sub(r"[(\[].*?[)\]]", "", header))
    if outside != bare and outside in _BY_WORD and _FORM_BEHIND.search(header) is None:
        return _BY_WORD[outside]
    return Means.DATE if _DATED.fullmatch(bare) else None


def is_weak_number(header: str) -> bool:
    """Whether a number under this header may as well be a running number."""
    return plain(header) in WEAK_NUMBERS


def may_be_own_number(header: str) -> bool:
    """Whether people's own numbers may stand under a header that may also number the rows."""
    return plain(header) in OWN_NUMBERS


def activity_of(header: str) -> tuple[str, str]:
    """Return the title of the activity that a column is about, and the form of its cells.

    `Assignment: Startopdracht 1 (Real)` is `Startopdracht 1`, as `number`; other forms are
    `percentage`, `letter` and `feedback`.
    """
    title, form = header.strip(), "number"
    if match := _FORM_BEHIND.search(title):
        form = _FORMS.get(match["form"].casefold(), "number")
        title = title[: match.start()]
    return _KIND_BEFORE.sub("", title).strip() or header.strip(), form
