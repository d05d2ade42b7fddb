"""Makes the sample: one night of a small German customs office, every name and number invented.

    python3 sample_data/make.py

Ordinary trade is drawn with a fixed seed; the cases and their honest look-alikes are written out below. Needs only
Python's standard library.
"""

import csv
import random
from pathlib import Path

HERE = Path(__file__).parent
RANDOM = random.Random(20260520)
NIGHT = "2026-05-20"
COLUMNS = (
    "parcel_id manifest_id carrier date line_number consignor_name consignor_address consignor_city consignor_country "
    "consignee_name consignee_address consignee_city consignee_postcode consignee_phone consignee_email "
    "consignee_country nature description hs_code origin_country quantity net_weight_kg gross_weight_kg value currency "
    "transport_cost platform order_id order_date procedure_codes"
).split()

# article: description, HS code, price a piece (EUR), kg a piece
ARTICLES = {
    "tshirt": ("cotton t-shirt", "610910", 9.80, 0.18),
    "case": ("phone case silicone", "392690", 6.40, 0.05),
    "earbuds": ("wireless earbuds bluetooth", "851830", 24.50, 0.08),
    "watch": ("quartz wrist watch steel", "910211", 39.00, 0.12),
    "bag": ("handbag PU leather", "420222", 27.50, 0.55),
    "shoes": ("running shoes textile", "640411", 34.00, 0.75),
}
SELLERS = [
    ("Guangzhou Lianfa Garment Co Ltd", "18 Baiyun Ave", "Guangzhou", "CN", 1.05),
    ("Shenzhen Hengtai Electronics", "Bldg 4 Huaqiang North Rd", "Shenzhen", "CN", 0.93),
    ("Ningbo Oriental Import Export", "77 Zhongshan East Rd", "Ningbo", "CN", 1.12),
    ("Hangzhou Xiyuan Trading Ltd", "5 Wenyi West Rd", "Hangzhou", "CN", 0.98),
    ("Dongguan Kaida Leather Factory", "Houjie Industrial Park 9", "Dongguan", "CN", 1.01),
    ("Quanzhou Sunrise Shoes Co", "12 Jinjiang Rd", "Quanzhou", "CN", 0.90),
    ("Suzhou Meihua Textile", "230 Renmin Rd", "Suzhou", "CN", 1.08),
    ("Xiamen Golden Dragon Trade", "61 Hubin South Rd", "Xiamen", "CN", 1.00),
    ("Foshan Everbright Supply", "3 Lanshi Rd", "Foshan", "CN", 0.95),
]
FIRST = "Anna Lukas Marie Jonas Sophie Felix Laura Maximilian Julia Paul Katharina Leon Sarah Tim Lisa David Nina Jan".split()
LAST = (
    "Schneider Fischer Weber Wagner Becker Schulz Koch Bauer Richter Klein Wolf Neumann Braun Hofmann Lange Krause "
    "Lehmann Maier Huber Kaiser Fuchs Vogel Keller Frank Berger Winkler Roth Beck Lorenz Baumann"
).split()
STREETS = "Gartenstr. Bahnhofstr. Lindenweg Schulstr. Bergstr. Ringstr. Wiesenweg Kirchgasse Hauptstr. Birkenallee".split()
CITIES = [("Berlin", "10115"), ("Hamburg", "20095"), ("Köln", "50667"), ("Leipzig", "04109"), ("Bremen", "28195")]

rows = {"postal": [], "express": []}
serial = {"postal": 30120040, "express": 7710004500}
people = 0


def s10(number):
    total = sum(int(d) * w for d, w in zip(f"{number:08}", (8, 6, 4, 2, 3, 5, 9, 7)))
    digit = 11 - total % 11
    return f"LX{number:08}{ {10: 0, 11: 5}.get(digit, digit) }CN"


def next_id(channel, gap=None):
    """Identifiers rise; parcels of other offices lie between two of ordinary trade."""
    serial[channel] += RANDOM.randint(11, 60) if gap is None else gap
    return s10(serial[channel]) if channel == "postal" else str(serial[channel])


def person():
    """A new addressee: every call is somebody else."""
    global people
    people += 1
    city, postcode = RANDOM.choice(CITIES)
    return {
        "consignee_name": f"{RANDOM.choice(FIRST)} {RANDOM.choice(LAST)}",
        "consignee_address": f"{RANDOM.choice(STREETS)} {RANDOM.randint(1, 140)}",
        "consignee_city": city,
        "consignee_postcode": postcode,
        "consignee_phone": f"+49 15{RANDOM.randint(1, 9)} {RANDOM.randint(1000000, 9999999)}",
    }


def parcel(channel, seller, to, lines, gap=None, **extra):
    """Adds a parcel; a line is (description, HS code, pieces, value in EUR, kg)."""
    name, address, city, country = seller[:4]
    weight = sum(line[4] for line in lines)
    identifier = next_id(channel, gap)
    for number, (description, hs, pieces, value, kg) in enumerate(lines, 1):
        row = {
            "parcel_id": identifier,
            "manifest_id": "CNCANADEFRAAAUN60512" if channel == "postal" else "020-48211765",
            "carrier": "CNA" if channel == "postal" else "QX",
            "date": NIGHT,
            "line_number": number,
            "consignor_name": name,
            "consignor_address": address,
            "consignor_city": city,
            "consignor_country": country,
            "consignee_country": "DE",
            "nature": "sale",
            "description": description,
            "hs_code": hs,
            "origin_country": country,
            "quantity": pieces,
            "net_weight_kg": f"{kg:.3f}",
            "gross_weight_kg": f"{weight + 0.06:.3f}",
            "value": f"{value:.2f}",
            "currency": "EUR",
            "procedure_codes": "C07 F48",
        }
        row.update(to)
        row.update(extra)
        rows[channel].append(row)
    return identifier


def ordinary(article, level, pieces=1):
    description, hs, price, kg = ARTICLES[article]
    price = price * level * RANDOM.lognormvariate(0, 0.09)
    price = round(price, 0) - 0.01 if price > 5 else round(price, 2)
    return (description, hs, pieces, price * pieces, kg * pieces)


# Ordinary trade: every seller sells every article, at its own price level.
for _ in range(7):
    for seller in SELLERS:
        for article in ARTICLES:
            if RANDOM.random() < 0.62:
                channel = RANDOM.choice(("postal", "express"))
                lines = [ordinary(article, seller[4])]
                if RANDOM.random() < 0.2:
                    lines.append(ordinary(RANDOM.choice(sorted(ARTICLES)), seller[4]))
                parcel(channel, seller, person(), lines)

# 1. Splitting: one order of three watches and a bag, sent as four parcels with neighbouring identifiers; the addressee
#    is spelled differently each time.
STORE = ("Shenzhen Baoli Trading Co Ltd", "Room 1203 Futian Tower", "Shenzhen", "CN")
lena = {"consignee_city": "Köln", "consignee_postcode": "50667", "consignee_phone": "+49 171 2345908"}
for spelling, address, value in (
    ("Lena Hoffmann", "Lindenstraße 12", 89.90),
    ("L. Hoffmann", "Lindenstr. 12", 92.50),
    ("Hoffmann, Lena", "Lindenstrasse 12", 88.00),
    ("Lena Hofmann", "Lindenstr 12", 94.20),
):
    to = dict(lena, consignee_name=spelling, consignee_address=address)
    parcel("postal", STORE, to, [("automatic watch gents", "910221", 1, value, 0.21)], gap=1, order_date="2026-05-11")

# 2. Splitting over linked addressees: one order of tablets to three names behind one telephone and one door.
TABLETS = ("Hongkong Starlink Digital Ltd", "Unit 8 Kwun Tong Rd 388", "Hong Kong", "HK")
for name, value in (("Oliver Brandt", 119.00), ("Mira Castellano", 121.50), ("Tarek Yildirim", 118.00)):
    to = {
        "consignee_name": name,
        "consignee_address": "Hafenweg 3",
        "consignee_city": "Hamburg",
        "consignee_postcode": "20457",
        "consignee_phone": "+49 160 7788123",
    }
    parcel("express", TABLETS, to, [("tablet computer 10 inch", "847130", 1, value, 0.62)], gap=1)

# 3. Under-invoicing, one parcel: ten t-shirts at a fifth of what they cost elsewhere.
parcel("postal", SELLERS[0], person(), [("cotton t-shirt", "610910", 10, 19.50, 1.80)])

# 4. Under-invoicing, a sender: everything at about a quarter of what others ask.
CHEAP = ("Yiwu Fast Star E-Commerce Firm", "Stall 2217 Futian Market", "Yiwu", "CN")
for _ in range(5):
    for article in ARTICLES:
        parcel("express", CHEAP, person(), [ordinary(article, 0.26)])

# 5. Relief claimed above the limit: C07 on goods of EUR 212.
parcel("express", SELLERS[1], person(), [("noise cancelling headphones", "851830", 1, 212.00, 0.45)])

# 6. Gifts that are sales: a firm sends "gifts" with order numbers to strangers.
GIFTS = ("Shantou Happy Toys Trading Co Ltd", "9 Chenghai Plastics City", "Shantou", "CN")
for i in range(9):
    line = [("toy building bricks set", "950300", 1, 38.90, 0.70)]
    parcel("postal", GIFTS, person(), line, nature="gift", procedure_codes="C08", platform="AlphaMarket", order_id=f"AM-88{i}417")

# 7. Goods that the law shuts out of relief: whisky called a glass, and perfume under its own code.
parcel("express", ("Edinburgh Cask Shop", "14 Leith Walk", "Edinburgh", "GB"), person(),
       [("single malt whisky 0.7 l", "701337", 1, 64.00, 1.30)], origin_country="GB")
parcel("postal", ("Beauty Outlet HK", "Nathan Rd 520", "Hong Kong", "HK"), person(),
       [("eau de parfum 50 ml", "330300", 1, 41.00, 0.24)])

# 8. Bunching: a sender of many different goods with hardly a price above the limit and a crowd just under it.
LIMIT = ("Fuzhou Bright Home Appliance", "88 Wuyi North Rd", "Fuzhou", "CN")
OTHER = ("Ningbo Home Partner Ltd", "102 Beilun Port Rd", "Ningbo", "CN")
# article, HS code, price (EUR), kg
HOME = [("robot vacuum cleaner", "850811", 186, 3.1), ("espresso machine", "851671", 178, 3.6),
        ("stand mixer", "850940", 172, 4.4), ("air fryer", "851660", 96, 4.0),
        ("LED desk lamp", "940521", 31, 1.1), ("electric kettle", "851610", 38, 1.2)]
for i in range(46):
    description, hs, price, kg = HOME[i % 6]
    for seller in (LIMIT, OTHER):
        value = round(price * RANDOM.lognormvariate(0, 0.05), 2)
        if seller is LIMIT and value > 141:
            value = round(RANDOM.uniform(141, 149.9), 2)
        codes = "C07 F48" if value <= 150 else ""
        parcel("express", seller, person(), [(description, hs, 1, value, kg)], procedure_codes=codes)

# Honest look-alikes.
# A parcel shop: six strangers, six senders, one address.
for i in range(6):
    to = dict(person(), consignee_address="Packstation 144", consignee_city="Berlin", consignee_postcode="10115")
    parcel("postal", SELLERS[i], to, [ordinary(RANDOM.choice(sorted(ARTICLES)), SELLERS[i][4])])
# Two people of one name in one city.
for street, phone in (("Gartenstr. 7", "+49 151 1112223"), ("Ringstr. 91", "+49 157 4445556")):
    to = {"consignee_name": "Anna Weber", "consignee_address": street, "consignee_city": "Leipzig",
          "consignee_postcode": "04109", "consignee_phone": phone}
    parcel("express", SELLERS[4], to, [("handbag PU leather", "420222", 3, 84.00, 1.65)])
# A family at one address that orders different things from different senders.
for name, seller, article in (("Petra Lorenz", 2, "shoes"), ("Stefan Lorenz", 3, "watch"), ("Emil Lorenz", 1, "earbuds")):
    to = {"consignee_name": name, "consignee_address": "Wiesenweg 4", "consignee_city": "Bremen",
          "consignee_postcode": "28195", "consignee_phone": "+49 170 5550001"}
    parcel("postal", SELLERS[seller], to, [ordinary(article, SELLERS[seller][4], 2)])
# An order above the limit, declared in full and without relief.
parcel("express", TABLETS, person(), [("tablet computer 10 inch", "847130", 2, 242.00, 1.24)], procedure_codes="")
# An honest 149.99.
parcel("express", SELLERS[7], person(), [("espresso machine", "851671", 1, 149.99, 3.6)])
# A real gift.
parcel("postal", ("Wei Ling Chan", "Nanjing Rd 41", "Shanghai", "CN"), person(),
       [("scarf and sweets", "611710", 1, 22.00, 0.40)], nature="gift", procedure_codes="C08")

for channel in rows:
    with open(HERE / f"{channel}.csv", "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS, restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows[channel])
        if channel == "postal":
            # Two records that cannot be used, as every night brings some.
            first = rows[channel][0]
            writer.writerow(dict(first, parcel_id=s10(99000001), date="2026-02-30"))
            writer.writerow(dict(first, parcel_id=s10(99000002), gross_weight_kg="-0.3"))
    print(channel, len(rows[channel]))
