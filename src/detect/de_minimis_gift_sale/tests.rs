use super::*;
use crate::facts::testing::World;

const HEADER: &str = "parcel_id,date,consignor_name,consignor_country,consignee_name,consignee_country,nature,description,\
                      quantity,gross_weight_kg,value,currency,platform,order_id,ioss_number,procedure_codes";

/// A parcel of a manifest for Germany.
#[derive(Clone)]
struct Row {
    sender: String,
    addressee: String,
    nature: &'static str,
    goods: String,
    quantity: u32,
    value: f64,
    platform: &'static str,
    order: &'static str,
    number: &'static str,
    codes: &'static str,
}

fn gift(sender: &str, addressee: &str, goods: &str, value: f64) -> Row {
    Row {
        sender: sender.to_owned(),
        addressee: addressee.to_owned(),
        nature: "gift",
        goods: goods.to_owned(),
        quantity: 1,
        value,
        platform: "",
        order: "",
        number: "",
        codes: "",
    }
}

fn world(rows: &[Row]) -> World {
    let mut csv = HEADER.to_owned();
    for (i, r) in rows.iter().enumerate() {
        csv.push_str(&format!(
            "\nP{i:05},2026-03-10,{},CN,{},DE,{},{},{},0.4,{:.2},EUR,{},{},{},{}",
            r.sender,
            r.addressee,
            r.nature,
            r.goods,
            r.quantity,
            r.value,
            r.platform,
            r.order,
            r.number,
            r.codes
        ));
    }
    World::from_csv("DE", "2026-03-10", &csv)
}

fn scores(rows: &[Row]) -> Vec<f64> {
    let world = world(rows);
    let mut scores = vec![0.0; rows.len()];
    for finding in run(&world.facts(), &Settings::default()).findings {
        assert!(finding.revenue > 0, "{}", finding.reason);
        scores[finding.parcel as usize] = finding.score;
    }
    scores
}

const SURNAMES: [&str; 24] = [
    "Weber",
    "Schulz",
    "Becker",
    "Hoffmann",
    "Koch",
    "Richter",
    "Klein",
    "Wolf",
    "Neumann",
    "Schwarz",
    "Zimmermann",
    "Braun",
    "Hofmann",
    "Hartmann",
    "Krause",
    "Lehmann",
    "Werner",
    "Krueger",
    "Meier",
    "Walter",
    "Peters",
    "Lang",
    "Scholz",
    "Moeller",
];

#[test]
fn marks_of_a_sale_are_found() {
    let plain = gift("Li Wei", "Anna Weber", "scarf", 30.0);
    let rows = [
        Row { sender: "Blue Shop Ltd".to_owned(), ..plain.clone() },
        Row { sender: "Chen Fang".to_owned(), platform: "AliExpress", ..plain.clone() },
        Row { sender: "Sun Mei".to_owned(), order: "81723", quantity: 20, ..plain.clone() },
        Row { sender: "Wu Lan".to_owned(), number: "IM2760000012", ..plain.clone() },
        Row { sender: "Guo Jing".to_owned(), nature: "sale", codes: "C08", ..plain.clone() },
        plain,
    ];
    let found = scores(&rows);
    assert!(found[..5].iter().all(|&s| s > 0.5), "{found:?}");
    assert_eq!(found[5], 0.0);
}

#[test]
fn many_gifts_of_one_article_to_strangers_are_sales() {
    let rows: Vec<Row> =
        SURNAMES.iter().map(|s| gift("Li Wei", &format!("Max {s}"), "phone case", 19.99)).collect();
    let found = scores(&rows);
    assert!(found.iter().all(|&s| s > 0.8), "{found:?}");
    let world = world(&rows);
    let result = run(&world.facts(), &Settings::default());
    assert_eq!((result.cases.len(), result.cases[0].parcels.len()), (1, rows.len()));
    assert!(result.findings[0].reason.contains("24 gifts go to 24 addressees of 24 different surnames"));
}

#[test]
fn an_article_that_the_sender_sells_is_no_gift() {
    let mut rows: Vec<Row> = (0..5)
        .map(|i| Row {
            nature: "sale",
            ..gift("Li Wei", &format!("Max {}", SURNAMES[i]), "phone case", 19.99)
        })
        .collect();
    rows.push(gift("Li Wei", "Anna Lang", "phone case", 20.5));
    rows.push(gift("Li Wei", "Anna Scholz", "hand made scarf", 12.0));
    let found = scores(&rows);
    assert!(found[5] > 0.5 && found[6] == 0.0, "{found:?}");
}

#[test]
fn private_gifts_pass() {
    let mut rows = vec![
        gift("Wei Li", "Anna Li", "tea and sweets", 30.0),
        gift("Wei Li", "Max Li", "tea and sweets", 30.0),
        gift("Wei Li", "Eva Li", "scarf", 25.0),
    ];
    // One person's parcels to twelve friends, each with something else.
    rows.extend((0..12).map(|i| {
        gift("John Smith", &format!("Max {}", SURNAMES[i]), &format!("book {i}"), 15.0 + f64::from(i as u32))
    }));
    // An expatriate sends the same parents a parcel every week.
    rows.extend((0..12).map(|i| gift("Petra Braun", "Karl Braun", &format!("photo album {i}"), 35.0)));
    // Above the gift limit: taxed, and no fraud by itself.
    rows.push(Row { platform: "Etsy", ..gift("Mary Jones", "Anna Koch", "ring", 90.0) });
    let found = scores(&rows);
    assert!(found.iter().all(|&s| s == 0.0), "{found:?}");
}
