"""A hard manifest of our own: the evasions seen in practice, and the honest twins that look like them.

Every story is told many times with different people, among people to whom nothing happens. Deterministic.
"""

import random
import uuid

FIRST = {
    "DE": "Anna Peter Lena Jonas Karin Stefan Greta Emil Ilse Bruno Wanda Arvid Henrike Torsten Heike Lothar".split(),
    "PL": "Łukasz Małgorzata Piotr Ewa Paweł Agnieszka Zofia Michał Jadwiga Stanisław".split(),
    "TR": "Ayşe Mehmet Çağla Işık Özgür Gülşen Ahmet Şebnem".split(),
}
LAST = {
    "DE": (
        "Müller Schröder Jäger Vosskamp Ostermann Weiß Lindqvist Brinkhoff Krüger Böhm Quandt Hagedorn Tiemann "
        "Strübing Röttger Wessel Ahlers Niebuhr Claasen Harms Petersen Jansen Dierks Oltmanns Behrens Lührs Eilers"
    ).split(),
    "PL": "Żółkiewski Szymczak Łukaszewicz Wiśniewski Brzęczyk Gąsior Wójcik Dąbrowski Kaźmierczak".split(),
    "TR": "Yılmaz Öztürk Çelik Şahin Güneş Kılıç Aydoğan".split(),
}
CYRILLIC = [
    ("Алексей Смирнов", "Aleksei Smirnov", "Alexey Smirnov"),
    ("Дмитрий Щербаков", "Dmitrii Shcherbakov", "Dmitry Shcherbakov"),
    ("Юлия Кузнецова", "Iuliia Kuznetsova", "Yulia Kuznetsova"),
    ("Михаил Тихонов", "Mikhail Tikhonov", "Mihail Tihonov"),
]
GREEK = [
    ("Κωνσταντίνος Παπαδόπουλος", "Konstantinos Papadopoulos"),
    ("Ελένη Γεωργίου", "Eleni Georgiou"),
    ("Δημήτρης Νικολαΐδης", "Dimitris Nikolaidis"),
]
CHINESE = [
    ("王小明", "Wang Xiaoming", "Xiao Ming Wang"),
    ("陈建国", "Chen Jianguo", "Jian Guo Chen"),
    ("李海燕", "Li Haiyan", "Hai Yan Li"),
    ("刘志强", "Liu Zhiqiang", "Zhi Qiang Liu"),
]
STREETS = "Haupt Garten Bahnhof Linden Schul Berg Kirch Mühlen Wald Ring Birken Dorf Feld Wiesen Rosen Hafen".split()
CITIES = [("Ulm", 89073), ("Köln", 50667), ("Kiel", 24103), ("Leipzig", 4109), ("Mainz", 55116), ("Bonn", 53111)]
TWIN_NAMES = [("Mario", "Maria"), ("Daniel", "Daniela"), ("Anna", "Hanna"), ("Jan", "Jana"), ("Peter", "Petra")]


def manifest(people=1500, stories=25, seed=1):
    """Parties with `record`, `who` and `kind`; kinds that begin with `twin` must stay apart."""
    return World(random.Random(seed)).tell(people, stories)


class World:
    def __init__(self, rng):
        self.rng, self.rows, self.next = rng, [], 0

    def surname(self):
        """One of the list, or one of some thousand made ones, so that namesakes are those of the stories."""
        rng = self.rng
        if rng.random() < 0.2:
            return rng.choice(LAST["DE"])
        onset = ["Br", "D", "F", "Gr", "H", "K", "L", "M", "N", "Pr", "R", "Sch", "St", "T", "V", "W"]
        middle = ["a", "e", "i", "o", "u", "ei", "au"]
        joint = ["ll", "nd", "rt", "mm", "ck", "ng", "tz", "ss", "bb", "rl"]
        ending = ["mann", "er", "berg", "sen", "hoff", "ing", "horst", "kamp"]
        return rng.choice(onset) + rng.choice(middle) + rng.choice(joint) + rng.choice(ending)

    def person(self, land="DE"):
        rng = self.rng
        city, postcode = rng.choice(CITIES)
        first, last = rng.choice(FIRST[land]), self.surname() if land == "DE" else rng.choice(LAST[land])
        return {
            "first": first,
            "last": last,
            "name": f"{first} {last}",
            "street": rng.choice(STREETS) + rng.choice(["straße", "weg", "platz", "allee"]),
            "house": str(rng.randrange(1, 140)),
            "flat": "",
            "city": city,
            "postcode": f"{postcode + rng.randrange(20):05d}",
            "phone": f"01{rng.randrange(50, 80)} {rng.randrange(2_000_000, 9_999_999)}" if rng.random() < 0.5 else "",
            "email": "",
            "country": "DE",
        }

    def add(self, p, who, kind, **changes):
        p = {**p, **changes}
        address = p.get("address") or f"{p['street']} {p['house']}{p['flat']}"
        keep = ("name", "city", "postcode", "phone", "email", "country")
        row = {"record": f"H{len(self.rows):06d}", "who": who, "kind": kind, "address": address, "id": p.get("id", "")}
        self.rows.append({**row, **{k: p[k] for k in keep}})

    def someone(self):
        self.next += 1
        return f"P{self.next}"

    def one(self, kind, p, *variants):
        """Variants of one person."""
        who = self.someone()
        self.add(p, who, kind)
        for changes in variants:
            self.add(p, who, kind, **changes)

    def two(self, kind, *people):
        """People who are not one."""
        for p in people:
            self.add(p, self.someone(), kind)

    def tell(self, people, stories):
        for _ in range(people):
            self.two("stranger", self.person())
        for _ in range(stories):
            self.evasions()
            self.twins()
        self.rng.shuffle(self.rows)
        return self.rows

    def tail(self):
        alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
        return "".join(self.rng.choice(alphabet) for _ in range(5))

    def evasions(self):
        rng, p = self.rng, self.person()
        tails = [self.tail() for _ in range(3)]
        street = f"{p['street']} {p['house']}"
        self.one("random suffix", p, *[dict(name=f"{p['name']} {t}", address=f"{street} {t}") for t in tails])
        p = {**self.person(), "phone": ""}
        self.one("initials", p, dict(name=f"{p['first'][0]}. {p['last']}"), dict(name=f"{p['last']} {p['first'][0]}"))
        p = self.person()
        self.one("swapped order", p, dict(name=f"{p['last'].upper()}, {p['first']}"), dict(name=f"{p['last']} {p['first']}"))
        p = {**self.person(), "last": rng.choice(["Müller", "Schröder", "Jäger", "Böhm", "Krüger"])}
        p["name"] = f"{p['first']} {p['last']}"
        swap = lambda t, to: t.translate(str.maketrans(dict(zip("äöü", to), ß="ss")))
        self.one(
            "umlauts", p, dict(name=swap(p["name"], ["ae", "oe", "ue"]), street=swap(p["street"], ["ae", "oe", "ue"])),
            dict(name=swap(p["name"], "aou"), city=swap(p["city"], ["ae", "oe", "ue"])),
        )
        for kind, names in (("Cyrillic", CYRILLIC), ("Greek", GREEK), ("Chinese in two romanisations", CHINESE)):
            name, *others = rng.choice(names)
            self.one(kind, {**self.person(), "name": name}, *[dict(name=n) for n in others])
        for kind, land in (("Polish", "PL"), ("Turkish", "TR")):
            p = self.person(land)
            plain = p["name"].translate(str.maketrans("ŁłżźśćńóęąŻŚÖöüÜşŞçÇıİğ", "LlzzscnoeaZSOouUsScCiIg"))
            self.one(kind, p, dict(name=plain), dict(name=" ".join(reversed(plain.upper().split()))))
        p = {**self.person(), "street": rng.choice(STREETS) + "straße"}
        self.one("abbreviated street", p, *[dict(street=p["street"].replace("straße", s)) for s in ("str.", " Str", "strasse")])
        p, flat = self.person(), rng.randrange(1, 40)
        self.one(
            "flat and floor", p, dict(flat=f", Wohnung {flat}"), dict(flat=f"/{flat}"),
            dict(address=f"{p['street']} {p['house']}, Apt. {flat}"),
        )
        p = {**self.person(), "phone": f"0171 {rng.randrange(2_000_000, 9_999_999)}"}
        self.one("blank name", p, dict(name=str(uuid.UUID(int=rng.getrandbits(128), version=4))))
        p = {**self.person(), "email": f"{self.next}.q{rng.randrange(10**6)}@gmail.com"}
        other = self.person()
        user = p["email"].split("@")[0]
        moved = {k: other[k] for k in ("street", "house", "city", "postcode")}
        self.one("plus-addressed e-mail", p, dict(email=f"{user}+shop@googlemail.com", **moved))
        digits = str(rng.randrange(2_000_000, 9_999_999))
        p, other = {**self.person(), "phone": f"0171 {digits}"}, self.person()
        moved = {k: other[k] for k in ("street", "house", "city", "postcode")}
        self.one("telephone formats", p, dict(phone=f"+49 (171) {digits[:3]}-{digits[3:]}", **moved), dict(phone=f"0049171{digits}"))

    def twins(self):
        rng, p = self.rng, self.person()
        one, two = rng.choice(TWIN_NAMES)
        parents = [{**p, "first": f, "name": f"{f} {p['last']}"} for f in {one, two, rng.choice(["Lukas", "Emma", "Theo"])}]
        self.two("twin: parents and children", *sorted(parents, key=lambda q: q["name"]))
        p, other = self.person(), self.person()
        phones = [f"01{k} {rng.randrange(2_000_000, 9_999_999)}" for k in (60, 70)]
        self.two("twin: one name in one city", {**p, "phone": phones[0]}, {**other, "name": p["name"], "city": p["city"], "phone": phones[1]})
        p, other = {**self.person(), "phone": ""}, {**self.person(), "phone": ""}
        self.two("twin: one name in one city, no telephone", p, {**other, "name": p["name"], "city": p["city"]})
        shop = dict(address=f"DHL Packstation {rng.randrange(100, 900)}", phone="")
        self.two("twin: parcel shop", *[{**self.person(), **shop, "city": "Köln", "postcode": "50667"} for _ in range(6)])
        hall = dict(street="Campus", house=str(self.next), city="Bonn", postcode="53111")
        self.two("twin: student hall", *[{**self.person(), **hall, "flat": f", Zimmer {rng.randrange(1, 900)}"} for _ in range(8)])
        phone = f"0431 {rng.randrange(200_000, 999_999)}"
        depot = dict(address=f"c/o Transit Logistik, Hafenstraße {self.next}", city="Kiel", postcode="24103", phone=phone)
        self.two("twin: freight forwarder", *[{**self.person(), **depot} for _ in range(6)])
        firm = f"{self.surname()} & {rng.choice(LAST['PL'])} GmbH"
        self.one("branches of a firm", {**self.person(), "name": firm, "phone": ""}, *[{k: q[k] for k in ("street", "house", "city", "postcode")} for q in (self.person(), self.person())])
