//! Splitting over days or senders: one resolved consignee within a rolling window.

use super::detector;
use crate::facts::Facts;
use crate::facts::parts::{Group, Model, Story, counted, party_name, report, search, when};
use crate::model::finding::Findings;

detector! {
    /// ## What it flags
    /// Parcels to one resolved consignee within a few days, of one or several senders, each within the limit and
    /// together over it, that probably are one order spread over days, carriers or sender names.
    ///
    /// ## Why it matters
    /// Whoever knows that a day or a sender is what the law adds up, spreads the parts over several.
    ///
    /// ## Law
    /// None adds these parcels together by itself: the flag is an indicator for a check (anti-circumvention), and its
    /// reason says so. Groups that the law does add together are left to `split-consignment`.
    ///
    /// ## How it decides
    /// A sum over the limit is no evidence: of innocent parcels 5.5 % belong to such a sum within a day, 8.2 % within
    /// three days and 20 % within fourteen (retail data). So the links are weighed as in `split-consignment` (sender, goods, values,
    /// neighbouring identifiers, dates, order number, marketplace; `u` measured on pairs within the limit), and so are the
    /// arrivals: the negative binomial tail of this many parcels in the window, given the addressee's own rate outside
    /// the window, shrunken towards everybody's. Links of weight `link` or more are joined, the strongest first, while
    /// the group stays within the window.
    ///
    /// ## Innocent causes
    /// The heavy shopper; the regular customer of one shop; the firm with daily deliveries; a family's two purchases on
    /// one day; namesakes. Each is tested.
    ///
    /// ## What it misses
    /// Parts farther apart than the window; parts of unlike goods under unlike senders; parts to other names (see
    /// `split-linked`). A window at the edge of the input is cut short where no earlier nights are known.
    ///
    /// ## Settings
    /// - `days` (5): length of the window, a working week; a seventh day brings in weekly repeat orders.
    /// - `prior` (0.15): share of splittings among groups over the limit, before the evidence.
    /// - `cut` (0.5): least score for a flag.
    /// - `link` (0.3): least weight, natural logarithm, that ties two parcels.
    /// - `rate_shape` (1.0): shape of the Gamma distribution of addressees' rates; larger makes them more alike.
    "split-window", Splitting, "One order spread over days or senders, to one consignee", Settings, run
}

/// Settings under `[detectors.split-window]`.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Length of the window, days.
    pub days: u16,
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
}

impl Default for Settings {
    fn default() -> Self {
        Settings { days: 5, prior: 0.15, cut: 0.5, link: 0.3, rate_shape: 1.0 }
    }
}

fn run(facts: &Facts, settings: &Settings) -> Findings {
    let model = Model {
        days: i32::from(settings.days.max(1)),
        prior: settings.prior,
        shape: settings.rate_shape,
        link: settings.link,
        decisive: 0.0,
        legal: false,
        across: false,
        crowd: 1,
    };
    let found = search(facts, &facts.by_consignee, &model);
    report(
        facts,
        found,
        &model,
        settings.cut,
        |group| !group.one_legal_key(facts),
        |group| story(facts, group),
    )
}

fn story(facts: &Facts, group: &Group) -> Story {
    let first = group.parcels[0];
    let senders = match group.consignors.len() {
        1 => party_name(facts, first, true),
        n => format!("{n} senders"),
    };
    Story {
        subject: format!(
            "{} from {senders} to {}, presented {},",
            counted(group.parcels.len(), "parcel"),
            party_name(facts, first, false),
            when(group.days)
        ),
        ground: "The law does not add these parcels together by itself; that they look like one order is the indicator."
            .to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::fixture::{disagreements, run};
    use crate::facts::testing::World;

    const CSV: &str = include_str!("../../tests/detectors/split-window/three_days.csv");

    #[test]
    fn fixtures() {
        assert_eq!(disagreements(&ENTRY, "DE", "2026-11-20", CSV), Vec::<String>::new());
    }

    #[test]
    fn a_shorter_window_does_not_reach_over_days() {
        let world = World::from_csv("DE", "2026-11-20", CSV);
        let facts = world.facts();
        let of = |days: u16| super::run(&facts, &Settings { days, ..Settings::default() }).findings.len();
        assert_eq!((of(1), of(3)), (0, 3));
    }

    #[test]
    fn the_reason_says_that_the_law_does_not_add_them_up() {
        let world = World::from_csv("DE", "2026-11-20", CSV);
        let found = run(&ENTRY, &world.facts());
        assert!(found.cases[0].reason.contains("from 2026-11-18 to 2026-11-20"), "{}", found.cases[0].reason);
        assert!(found.cases[0].reason.contains("does not add"), "{}", found.cases[0].reason);
    }

    #[test]
    fn unknown_settings_are_refused() {
        let table: toml::Table = "dayz = 3".parse().unwrap();
        assert!((ENTRY.check)(&table).is_err());
        let table: toml::Table = (ENTRY.defaults)().parse().unwrap();
        assert!((ENTRY.check)(&table).is_ok());
    }
}
