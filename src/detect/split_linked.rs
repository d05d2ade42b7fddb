//! Splitting over names: one order spread over consignees that one contact ties together.

use super::detector;
use crate::facts::Facts;
use crate::facts::parts::{
    Group, Link, Model, Pool, Row, Search, Story, contacts, counted, party_name, report, search, when,
};
use crate::model::finding::Findings;
use rayon::prelude::*;

detector! {
    /// ## What it flags
    /// Parcels of one sender to several names that share a telephone number, an e-mail address or a dwelling, each
    /// within the limit and together over it, that probably are one order spread over borrowed names.
    ///
    /// ## Why it matters
    /// Limits and the keys that the law adds up by go by the person; a second name doubles the limit.
    ///
    /// ## Law
    /// None adds the imports of different persons together; the flag is an indicator of a straw consignee, and its
    /// reason says what ties the names.
    ///
    /// ## How it decides
    /// As `split-window`, on the parcels that share a contact, with two more conditions: one resolved sender, and two or
    /// more resolved consignees. `u` is measured on pairs of *different* consignees of one contact, so that what families
    /// have in common anyway (one forwarding sender, one day) weighs little. The prior is lower, and lower still by the
    /// logarithm of the number of consignees who share the contact; a contact of more than `crowd` consignees ties
    /// nobody.
    ///
    /// ## Innocent causes
    /// Gifts, one to each person (never tied); families and flatmates who order different things; parcel shops, lockers and post offices (recognised by the
    /// address, never a tie); student halls, blocks of flats without flat numbers, offices and freight forwarders (a
    /// crowd). Each is tested.
    ///
    /// ## What it misses
    /// Names without any shared contact; borrowed names with unlike goods and numbers far apart; different senders.
    ///
    /// ## Settings
    /// - `days` (3): length of the window.
    /// - `prior` (0.2): share of splittings among contacts whose parcels pass the limit together, before the evidence.
    /// - `cut` (0.5): least score for a flag.
    /// - `link` (0.3): least weight, natural logarithm, that ties two parcels.
    /// - `rate_shape` (1.0): shape of the Gamma distribution of rates of arrival.
    /// - `crowd` (12): most consignees at a contact that still ties them.
    "split-linked", Splitting, "One order spread over several names that share a contact", Settings, run
}

/// Settings under `[detectors.split-linked]`.
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
    /// Most consignees at a contact that ties them.
    pub crowd: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Settings { days: 3, prior: 0.2, cut: 0.5, link: 0.3, rate_shape: 1.0, crowd: 12 }
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
        across: true,
        crowd: settings.crowd,
    };
    let rows: Vec<Vec<Row>> =
        Link::ALL.into_par_iter().map(|link| contacts(facts, link, model.crowd)).collect();
    let pools = Pool::of(facts, &rows);
    let by_link: Vec<Search> = pools.into_par_iter().map(|pool| search(facts, &pool, &model)).collect();
    let mut all = Search::default();
    for (link, found) in Link::ALL.into_iter().zip(by_link) {
        all.groups.extend(found.groups.into_iter().map(|group| Group { link: Some(link), ..group }));
        all.p_values.extend(found.p_values);
        all.controls += found.controls;
    }
    report(facts, all, &model, settings.cut, |group| group.consignees.len() > 1, |group| story(facts, group))
}

fn story(facts: &Facts, group: &Group) -> Story {
    let mut names: Vec<String> = group.parcels.iter().map(|&p| party_name(facts, p, false)).collect();
    names.sort();
    names.dedup();
    let shown = names.iter().take(4).cloned().collect::<Vec<_>>().join(", ");
    let more = if names.len() > 4 { format!(" and {} more", names.len() - 4) } else { String::new() };
    Story {
        subject: format!(
            "{} from {} to {} consignees who share one {} ({shown}{more}), presented {},",
            counted(group.parcels.len(), "parcel"),
            party_name(facts, group.parcels[0], true),
            group.consignees.len(),
            group.link.map_or("contact", Link::name),
            when(group.days)
        ),
        ground: "The law counts each name by itself; that they look like one order under several names is the indicator."
            .to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::fixture::{disagreements, run};
    use crate::facts::testing::World;

    const CSV: &str = include_str!("../../tests/detectors/split-linked/names_and_contacts.csv");

    #[test]
    fn fixtures() {
        assert_eq!(disagreements(&ENTRY, "DE", "2026-11-20", CSV), Vec::<String>::new());
    }

    #[test]
    fn the_reason_names_the_names_and_what_they_share() {
        let world = World::from_csv("DE", "2026-11-20", CSV);
        let found = run(&ENTRY, &world.facts());
        let reason = &found.cases[0].reason;
        for part in ["Ivan Horvat, Mehmet Yilmaz, Petra Schulz", "telephone number", "420.00 EUR"] {
            assert!(reason.contains(part), "{part}: {reason}");
        }
        assert_eq!(found.cases[0].consignee, None);
    }

    #[test]
    fn a_contact_of_more_than_the_crowd_ties_nobody() {
        let world = World::from_csv("DE", "2026-11-20", CSV);
        let found = super::run(&world.facts(), &Settings { crowd: 2, ..Settings::default() });
        assert!(found.findings.is_empty());
    }
}
