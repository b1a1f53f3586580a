"""The catalogue of studies and the canon's rows: which study stands for which row, without importing any."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from importlib import resources

from tertium.registry import Registry

#: Study -> where it lives.
STUDIES = Registry(
    "study",
    {
        "achterberg2023": "tertium.studies.achterberg2023:Achterberg2023",
        "agreement": "tertium.studies.agreement:Agreement",
        "akrout2019": "tertium.studies.akrout2019:Akrout2019",
        "baccelli2019": "tertium.studies.baccelli2019:Baccelli2019",
        "barrett2019": "tertium.studies.barrett2019:Barrett2019",
        "beggs2003": "tertium.studies.beggs2003:Beggs2003",
        "bellec2018": "tertium.studies.bellec2018:Bellec2018",
        "bellec2018digits": "tertium.studies.bellec2018digits:Bellec2018Digits",
        "bellec2018deepr": "tertium.studies.bellec2018deepr:Bellec2018DeepR",
        "benyishai1995": "tertium.studies.benyishai1995:BenYishai1995",
        "cadena2019": "tertium.studies.cadena2019:Cadena2019",
        "chung2018": "tertium.studies.chung2018:Chung2018",
        "cohen2020": "tertium.studies.cohen2020:Cohen2020",
        "cybenko1989": "tertium.studies.cybenko1989:Cybenko1989",
        "dahmen2019": "tertium.studies.dahmen2019:Dahmen2019",
        "depasquale2023": "tertium.studies.depasquale2023:DePasquale2023",
        "doya1993": "tertium.studies.doya1993:Doya1993",
        "fang2023": "tertium.studies.fang2023:Fang2023",
        "flipflop_any": "tertium.studies.flipflop_any:FlipFlopAny",
        "galloni2025": "tertium.studies.galloni2025:Galloni2025",
        "guclu2015": "tertium.studies.guclu2015:Guclu2015",
        "han2023": "tertium.studies.han2023:Han2023",
        "hochreiter1997": "tertium.studies.hochreiter1997:Hochreiter1997",
        "hopfield1982": "tertium.studies.hopfield1982:Hopfield1982",
        "jonas2017": "tertium.studies.jonas2017:Jonas2017",
        "jones2021": "tertium.studies.jones2021:Jones2021",
        "khaligh2014": "tertium.studies.khaligh2014:Khaligh2014",
        "kolen1994": "tertium.studies.kolen1994:Kolen1994",
        "lillicrap2016": "tertium.studies.lillicrap2016:Lillicrap2016",
        "lillicrap2020": "tertium.studies.lillicrap2020:Lillicrap2020",
        "liu2021": "tertium.studies.liu2021:Liu2021",
        "maheswaranathan2019": "tertium.studies.maheswaranathan2019:Maheswaranathan2019",
        "mante2013": "tertium.studies.mante2013:Mante2013",
        "mante2013tdr": "tertium.studies.mante2013tdr:Mante2013TDR",
        "mastrogiuseppe2018": "tertium.studies.mastrogiuseppe2018:Mastrogiuseppe2018",
        "mcculloch1943": "tertium.studies.mcculloch1943:McCulloch1943",
        "menendez2021": "tertium.studies.menendez2021:Menendez2021",
        "miconi2017": "tertium.studies.miconi2017:Miconi2017",
        "milstein2021": "tertium.studies.milstein2021:Milstein2021",
        "minsky1969": "tertium.studies.minsky1969:Minsky1969",
        "muller2019": "tertium.studies.muller2019:Muller2019",
        "neuromatch2020encoding": "tertium.studies.neuromatch2020encoding:Neuromatch2020Encoding",
        "nowotny2025": "tertium.studies.nowotny2025:Nowotny2025",
        "observation_models": "tertium.studies.observation_models:ObservationModels",
        "olshausen1996": "tertium.studies.olshausen1996:Olshausen1996",
        "oja1982": "tertium.studies.oja1982:Oja1982",
        "orhan2019": "tertium.studies.orhan2019:Orhan2019",
        "pillow2008": "tertium.studies.pillow2008:Pillow2008",
        "podlaski2024": "tertium.studies.podlaski2024:Podlaski2024",
        "raghu2017": "tertium.studies.raghu2017:Raghu2017",
        "rosenblatt1958": "tertium.studies.rosenblatt1958:Rosenblatt1958",
        "rules": "tertium.studies.rules:Rules",
        "rumelhart1986": "tertium.studies.rumelhart1986:Rumelhart1986",
        "safavi2024": "tertium.studies.safavi2024:Safavi2024",
        "sompolinsky1988": "tertium.studies.sompolinsky1988:Sompolinsky1988",
        "song2016decision": "tertium.studies.song2016decision:Song2016Decision",
        "stringer2021": "tertium.studies.stringer2021:Stringer2021",
        "sorscher2022": "tertium.studies.sorscher2022:Sorscher2022",
        "subramoney2023": "tertium.studies.subramoney2023:Subramoney2023",
        "sussillo2013": "tertium.studies.sussillo2013:Sussillo2013",
        "sussillo2013examples": "tertium.studies.sussillo2013examples:Sussillo2013Examples",
        "valente2022": "tertium.studies.valente2022:Valente2022",
        "vyas2020": "tertium.studies.vyas2020:Vyas2020",
        "williams1989": "tertium.studies.williams1989:Williams1989",
        "yang2019": "tertium.studies.yang2019:Yang2019",
        "yang2019composition": "tertium.studies.yang2019composition:Yang2019Composition",
        "zenke2021": "tertium.studies.zenke2021:Zenke2021",
        "yin2023": "tertium.studies.yin2023:Yin2023",
    },
    group="tertium.studies",
    listing="tertium studies",
)

#: Study -> row of the canon; a test holds it against the studies' own ``row``.
ROWS: dict[str, str] = {
    "achterberg2023": "CON03",
    "agreement": "CMP02",
    "akrout2019": "LRN04",
    "baccelli2019": "THY14",
    "barrett2019": "CMP03",
    "beggs2003": "THY10",
    "bellec2018": "SNN02",
    "bellec2018digits": "SNN02",
    "bellec2018deepr": "SNN04",
    "benyishai1995": "DYN13",
    "cadena2019": "SEN05",
    "chung2018": "THY01",
    "cohen2020": "THY02",
    "cybenko1989": "FND09",
    "dahmen2019": "THY07",
    "depasquale2023": "SNN11",
    "doya1993": "FND13",
    "fang2023": "SNN07",
    "flipflop_any": "DYN03",
    "galloni2025": "LRN13",
    "guclu2015": "SEN03",
    "han2023": "CMP02",
    "hochreiter1997": "FND19",
    "hopfield1982": "DYN12",
    "jonas2017": "CMP04",
    "jones2021": "CEL01",
    "khaligh2014": "SEN04",
    "kolen1994": "LRN05",
    "lillicrap2016": "LRN03",
    "lillicrap2020": "LRN02",
    "liu2021": "LRN07",
    "maheswaranathan2019": "DYN05",
    "mante2013": "COG02",
    "mante2013tdr": "COG03",
    "mastrogiuseppe2018": "DYN09",
    "mcculloch1943": "FND01",
    "menendez2021": "SEN13",
    "miconi2017": "LRN06",
    "milstein2021": "LRN12",
    "minsky1969": "FND03",
    "muller2019": "CEL03",
    "neuromatch2020encoding": "SEN12",
    "nowotny2025": "SNN05",
    "observation_models": "SEN18",
    "olshausen1996": "SEN01",
    "oja1982": "LRN01",
    "orhan2019": "COG08",
    "pillow2008": "SEN17",
    "podlaski2024": "SNN12",
    "raghu2017": "CMP01",
    "rosenblatt1958": "FND02",
    "rules": "LRN02",
    "rumelhart1986": "FND04",
    "safavi2024": "THY11",
    "sompolinsky1988": "DYN02",
    "song2016decision": "COG01",
    "stringer2021": "SEN11",
    "sorscher2022": "THY04",
    "subramoney2023": "SNN08",
    "sussillo2013": "DYN03",
    "sussillo2013examples": "DYN04",
    "valente2022": "DYN10",
    "vyas2020": "DYN01",
    "williams1989": "FND11",
    "yang2019": "COG06",
    "yang2019composition": "COG07",
    "zenke2021": "SNN01",
    "yin2023": "SNN06",
}


@dataclass(frozen=True)
class CanonRow:
    """One row of the canon, the list of systems that tertium is to reproduce."""

    id: str
    group: str
    priority: int
    cost: str
    system: str
    paper: str


@cache
def canon() -> tuple[CanonRow, ...]:
    """Return all rows of the canon in their order.

    Examples
    --------
    >>> len(canon()), canon()[0].system
    (158, 'McCulloch-Pitts threshold neuron')
    """
    table = resources.files("tertium.studies").joinpath("canon.tsv").read_text(encoding="utf-8")
    rows = csv.DictReader(table.splitlines(), delimiter="\t")
    return tuple(CanonRow(r["id"], r["group"], int(r["priority"]), r["cost"], r["system"], r["paper"]) for r in rows)
