//! Splitting under the law's own key: parcels whose values the law itself adds together.

use super::detector;
use crate::facts::Facts;
use crate::facts::parts::{Group, Model, Story, counted, legal_key, party_name, report, search, when};
use crate::model::finding::Findings;
use crate::model::money::{Money, display};
use crate::refdata::regimes::Aggregation;

detector! {
    /// ## What it flags
    /// Two or more parcels whose values the law adds together: each is within the limit, their sum is over it, and
    /// what they have in common makes it likely that they are one order cut up.
    ///
    /// ## Why it matters
    /// Relief and flat charges hold up to a value. An order cut into parts that each stay within it takes a treatment
    /// that the order as a whole has no right to.
    ///
    /// ## Law
    /// The aggregation key of the regime that applies on the parcel's own day (`parcel-risk regimes`):
    /// - *consignment*: one resolved consignor, one resolved consignee, presented on one day;
    /// - *consignee and day*: all that one person imports on one day, from anybody;
    /// - *consignee and flight*: all that one consignee imports on one flight;
    /// - *consignee, supplier and order date*.
    ///
    /// Gifts are held against the gift limit, sold goods against the limit for goods that were sold.
    ///
    /// ## How it decides
    /// Under the first and last key orders that were placed apart stay apart, so the sum alone proves nothing. Under the
    /// second and third the sum is decisive for the charge, whoever ordered what, but still does not show that one order
    /// was cut up. Either way the parcels are tied by weights of evidence (Fellegi-Sunter, `ln(m/u)`): sender, goods,
    /// values, neighbouring identifiers, manifest, days of posting and order, order number, marketplace. `u` is measured
    /// in every run on pairs of one addressee that stay within the limit together: nobody had a reason to split those.
    /// To the mean weight of the links come the prior, how full the parts are, and how surprising so many parcels are
    /// for this addressee (negative binomial tail of a Gamma-shrunken rate). The score is the resulting probability.
    /// Under the second and third key the score is `1 - (1 - one order) (1 - decisive)`. The p-value is the share of
    /// groups within the limit whose links are as strong. A parcel whose procedure codes claim no cheaper treatment is no
    /// part.
    ///
    /// ## Innocent causes
    /// Two unrelated orders from one large forwarding sender on one day; a shop that ships as it packs; an order within
    /// the limit sent in two boxes; two parcels worth exactly the limit together; an order honestly declared above the
    /// limit; a firm with daily deliveries. Each is tested.
    ///
    /// ## What it misses
    /// Parts presented on different days or under different senders: see `split-window`. Parts to different names: see
    /// `split-linked`. Unlike goods from a large sender with numbers far apart look like separate orders, and may be.
    ///
    /// ## Settings
    /// - `prior` (0.4): share of splittings among groups over the limit, before the evidence.
    /// - `cut` (0.5): least score for a flag.
    /// - `link` (-0.5): least weight, natural logarithm, that ties two parcels.
    /// - `rate_shape` (1.0): shape of the Gamma distribution of addressees' rates; larger makes them more alike.
    /// - `decisive` (0.5): under the second and third key, probability that the sum counts whatever the orders were (not 1:
    ///   the identity may be mistaken, the day of entry another). Below `cut`, such sums are flagged only where they look
    ///   like one order.
    "split-consignment", Splitting, "One order cut up, under the law's own aggregation key", Settings, run
}

/// Settings under `[detectors.split-consignment]`.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Probability of splitting before the evidence, 0 to 1.
    #[serde(deserialize_with = "super::share")]
    pub prior: f64,
    /// Least score for a flag, 0 to 1.
    #[serde(deserialize_with = "super::share")]
    pub cut: f64,
    /// Least weight of a link, natural logarithm.
    pub link: f64,
    /// Shape of the distribution of rates.
    pub rate_shape: f64,
    /// Probability that a sum counts by a law that adds up all that one consignee imports, whatever the orders were.
    #[serde(deserialize_with = "super::share")]
    pub decisive: f64,
}

impl Default for Settings {
    fn default() -> Self {
        Settings { prior: 0.4, cut: 0.5, link: -0.5, rate_shape: 1.0, decisive: 0.5 }
    }
}

fn run(facts: &Facts, settings: &Settings) -> Findings {
    let model = Model {
        days: 1,
        prior: settings.prior,
        shape: settings.rate_shape,
        link: settings.link,
        decisive: settings.decisive,
        legal: true,
        across: false,
        crowd: 1,
    };
    let found = search(facts, &facts.by_consignee, &model);
    let keep = |group: &Group| group.one_legal_key(facts);
    report(facts, found, &model, settings.cut, keep, |group| story(facts, group))
}

fn story(facts: &Facts, group: &Group) -> Story {
    let first = group.parcels[0];
    let parcels = counted(group.parcels.len(), "parcel");
    let consignor = party_name(facts, first, true);
    let consignee = party_name(facts, first, false);
    let subject = match group.consignors.len() {
        1 => format!("{parcels} from {consignor} to {consignee}, presented {},", when(group.days)),
        n => format!("{parcels} from {n} senders to {consignee}, presented {},", when(group.days)),
    };
    let terms = facts.terms(first);
    let everything = || {
        let (n, total) = added_up(facts, first);
        format!("{} worth {}", counted(n, "parcel"), display(total, &terms.currency.to_string()))
    };
    let ground = match terms.aggregation {
        Aggregation::Consignment => {
            "The law holds the limit against the consignment: what one consignor sends to one consignee together is \
             one, in however many parcels; orders placed and sent apart are several, so what the parcels have in common \
             decides."
                .to_owned()
        }
        Aggregation::ConsigneeDay => format!(
            "The law adds up all that one person imports on one day, here {}, so the limit is passed whoever ordered what.",
            everything()
        ),
        Aggregation::ConsigneeFlight => format!(
            "The law adds up all that one consignee imports on one flight, here {}, under however many waybills.",
            everything()
        ),
        Aggregation::ConsigneeSupplierOrderDate => {
            "The law adds up what one consignee ordered from one supplier on one day.".to_owned()
        }
    };
    Story { subject, ground }
}

/// All parcels that the law adds to this one, whatever they hold: how many, and their value.
fn added_up(facts: &Facts, parcel: u32) -> (usize, Money) {
    let key = legal_key(facts, parcel);
    let all = facts.by_consignee.of_key(u64::from(facts.consignee(parcel)));
    all.iter()
        .filter(|part| part.legal == key)
        .fold((0, 0), |(n, total), part| (n + 1, total.saturating_add(part.value)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::fixture::{disagreements, run};
    use crate::facts::testing::World;
    use crate::model::money::UNIT;

    const EU: &str = include_str!("../../tests/detectors/split-consignment/eu_consignment.csv");
    const US: &str = include_str!("../../tests/detectors/split-consignment/us_consignee_day.csv");

    #[test]
    fn fixtures() {
        assert_eq!(disagreements(&ENTRY, "DE", "2026-11-20", EU), Vec::<String>::new());
        assert_eq!(disagreements(&ENTRY, "US", "2025-02-14", US), Vec::<String>::new());
    }

    #[test]
    fn a_case_holds_the_total_the_limit_and_the_numbers() {
        let world = World::from_csv("DE", "2026-11-20", EU);
        let facts = world.facts();
        let found = run(&ENTRY, &facts);
        let case = found.cases.iter().find(|case| case.parcels.len() == 3).unwrap();
        assert_eq!((case.total, case.threshold), (4_195 * UNIT / 10, Some(150 * UNIT)));
        assert!(case.consignor.is_some() && case.consignee.is_some());
        for part in ["419.50 EUR", "150.00 EUR", "3 parcels", "wireless earbuds", "2026-11-20", "Anna Novak"]
        {
            assert!(case.reason.contains(part), "{part}: {}", case.reason);
        }
        let of_case: Vec<_> = found.findings.iter().filter(|f| case.parcels.contains(&f.parcel)).collect();
        assert_eq!(of_case.len(), 3);
        assert!(of_case.iter().all(|f| f.revenue > 0), "{:?}", of_case[0].revenue);
    }

    #[test]
    fn under_a_law_of_one_person_and_day_the_reason_counts_all_parcels_of_the_day() {
        let line = US.lines().find(|line| line.contains("John Miller")).unwrap();
        let (_, rest) = line.split_once(',').unwrap();
        // Another order of the same person, from another sender, of other goods.
        let rest =
            rest.replace("Guangzhou Watch Studio", "Ningbo Garden Supply").replace("steel watch", "hose");
        let more =
            format!("{US}LX399917774CN,{}\n", rest.replace("910211", "391739").replace("610.00", "20.00"));
        let world = World::from_csv("US", "2025-02-14", &more);
        let facts = world.facts();
        let found = run(&ENTRY, &facts);
        let case = found.cases.iter().find(|case| case.reason.contains("John Miller")).unwrap();
        assert!(case.reason.contains("here 3 parcels worth 1,228.00 USD"), "{}", case.reason);
        assert_eq!(case.parcels.len(), 3);
    }

    #[test]
    fn without_the_weight_of_the_law_only_what_looks_like_one_order_is_flagged() {
        let world = World::from_csv("US", "2025-02-14", US);
        let facts = world.facts();
        let found = super::run(&facts, &Settings { decisive: 0.0, ..Settings::default() });
        assert_eq!(found.cases.len(), 1);
        assert!(found.cases[0].reason.contains("John Miller"));
    }

    #[test]
    fn the_order_of_the_rows_changes_nothing() {
        let mut lines: Vec<&str> = EU.lines().collect();
        lines[1..].reverse();
        let reversed = lines.join("\n") + "\n";
        let tell = |text: &str| {
            let world = World::from_csv("DE", "2026-11-20", text);
            let found = run(&ENTRY, &world.facts());
            let rows =
                found.findings.iter().map(|f| (f.parcel, f.reason.clone(), f.evidence.clone(), f.revenue));
            rows.collect::<Vec<_>>()
        };
        assert_eq!(tell(EU), tell(&reversed));
    }
}
