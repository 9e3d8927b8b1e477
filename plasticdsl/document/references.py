"""What docstrings cite: `Song, Miller & Abbott (2000), Nature Neuroscience 3:919-926` becomes a `Reference`, and that an entry of BibTeX.

A citation is names, a year in brackets, a comma, and the journal with volume and pages (or a book with its publisher), up to a semicolon or the end of the
sentence. What is not written (titles, initials) is not made up.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence

from plasticdsl.document.description import Reference

_FAMILY = r"(?<!\w)(?:(?:van|von|de|del|der|den|di|du|la|le|ter) )*[^\W\d_a-zß-öø-ÿ][\w’'`-]*"
_AUTHORS = rf"(?P<authors>{_FAMILY}(?:, {_FAMILY})*(?:,? (?:&|and) {_FAMILY}| et al\.)?)"
_CITED = re.compile(rf"(?:{_AUTHORS} |(?<=and )|(?<=erratum ))\((?P<year>(?:1[89]|20)\d\d)[a-z]?\), ")
_NAMES = re.compile(rf"{_FAMILY}(?:, {_FAMILY})* (?:&|and) {_FAMILY}")
_ARTICLE = re.compile(r"(?P<journal>[^\W\d_][^;:()]*?) (?P<volume>\d+[A-Z]?):(?P<pages>\w+(?:[-–]\w+)?)")
_DOI = re.compile(r"doi:(?P<doi>10\.\d{4,9}/[^\s;,]*[^\s;,.])")
_END = re.compile(r";| \(|, (?:with|as|and)\b|\.(?=\s+[^\W\d_a-z]|\s*$)")
#: Dots that end no sentence.
_SHORT = re.compile(r"\b(?:[A-Z]|Acad|Annu|Ann|Appl|Behav|Biol|Cereb|Commun|Comput|Conf|Exp|Front|Hum|IEEE|Int|J|Lett|Math|Mem|Nat|Natl|Netw|Neural|"
                    r"Neurosci|Neuroinform|Neurophysiol|Pathol|Phil|Phys|Physiol|Proc|Rev|Sci|Soc|Syst|Trans|Trends|Gen|Joint)\.")  # fmt: skip
_SHIELD = "\ue000"


def references(docs: Iterable[str]) -> tuple[Reference, ...]:
    """Everything that some docstrings cite, each once, by authors and year."""
    found = dict.fromkeys(reference for doc in docs for reference in citations(doc))
    return tuple(sorted(found, key=lambda r: (r.authors, r.year, r.place)))


def citations(doc: str) -> Iterator[Reference]:
    """What a docstring cites, in its order."""
    doc = " ".join(doc.split())
    authors: tuple[str, ...] = ()
    matches = list(_CITED.finditer(doc))
    for match, following in zip(matches, [*matches[1:], None], strict=False):
        if match["authors"]:
            authors = tuple(re.split(r", | & | and ", match["authors"].replace(", &", " &").replace(" et al.", ", others")))
        rest = doc[match.end() : following.start() if following is not None else len(doc)]
        place = _place(rest)
        if authors and re.match(r"[^\W\d]", place) and not _NAMES.fullmatch(place):
            yield _reference(authors, match["year"], place)


def _place(rest: str) -> str:
    """What follows the year, as far as it says where the work is found."""
    article = _ARTICLE.match(rest)
    if article is not None:
        return article.group()
    shielded = _SHORT.sub(lambda m: m.group()[:-1] + _SHIELD, rest)
    end = _END.search(shielded)
    return shielded[: end.start() if end else len(shielded)].replace(_SHIELD, ".").strip(" ,.")


def _reference(authors: tuple[str, ...], year: str, place: str) -> Reference:
    article, doi = _ARTICLE.fullmatch(place), _DOI.search(place)
    if article is not None:
        return Reference(authors, year, place, article["journal"], article["volume"], article["pages"])
    return Reference(authors, year, place, doi=doi["doi"] if doi else "")


def in_words(reference: Reference) -> str:
    """`Song, Miller & Abbott (2000), Nature Neuroscience 3:919-926`."""
    *first, last = reference.authors
    names = f"{', '.join(first)} & {last}" if first else last
    return f"{names.replace(' & others', ' et al.')} ({reference.year}), {reference.place}"


def bibtex(cited: Sequence[Reference]) -> str:
    """Entries of BibTeX, each with its key."""
    return "\n".join(_entry(reference, key) for key, reference in zip(keys(cited), cited, strict=True))


def keys(cited: Sequence[Reference]) -> tuple[str, ...]:
    """`song2000` for each of them; those that would be the same have letters."""
    plain = [_key(reference) for reference in cited]
    letters = (f"{key}{'abcdefghijklmnopqrstuvwxyz'[plain[:n].count(key) % 26]}" for n, key in enumerate(plain))
    return tuple(lettered if plain.count(key) > 1 else key for key, lettered in zip(plain, letters, strict=True))


def _key(reference: Reference) -> str:
    plain = unicodedata.normalize("NFD", reference.authors[0]).encode("ascii", "ignore").decode()
    return re.sub(r"\W", "", plain).lower() + reference.year


def _entry(reference: Reference, key: str) -> str:
    fields = {"author": " and ".join(f"{{{name}}}" if " " in name else name for name in reference.authors), "year": reference.year}
    if reference.journal:
        kind = "article"
        fields |= {"journal": reference.journal, "volume": reference.volume, "pages": re.sub(r"[-–]", "--", reference.pages)}
    elif reference.doi:
        kind = "misc"
        fields |= {"note": _DOI.sub("", reference.place).strip(" ,"), "doi": reference.doi}
    else:
        title, _, rest = reference.place.partition(", ")
        kind = "book" if rest[:1].isupper() else "misc"
        fields |= {"title": title, "publisher" if rest[:1].isupper() else "note": rest}
    lines = (f"  {name} = {{{value}}}," for name, value in fields.items() if value)
    return "\n".join([f"@{kind}{{{key},", *lines, "}"]) + "\n"
