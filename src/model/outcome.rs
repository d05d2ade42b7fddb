//! What one night's screening came to: flags, the cases that tie them together, and the ranked parcels.

use super::finding::{Evidence, Family, GroupTest};
use super::money::Money;
use std::collections::BTreeMap;

/// A finding with its q-value, its expected revenue and the identifier of its case.
#[derive(Clone, Debug)]
pub struct Flag {
    /// Parcel, position in the run's parcels.
    pub parcel: u32,
    /// Line of the parcel, where the flag concerns one.
    pub line_number: Option<u32>,
    /// Kind of abuse.
    pub family: Family,
    /// Name of the detector.
    pub detector: &'static str,
    /// Calibrated probability that the finding is right, 0 to 1.
    pub score: f64,
    /// p-value, where a test was made.
    pub p_value: Option<f64>,
    /// Benjamini-Hochberg q-value within the family, where a test was made.
    pub q_value: Option<f64>,
    /// Expected revenue at risk, regime's currency.
    pub revenue: Revenue,
    /// Standard deviation of the logarithm of what is at stake, where the finding is right.
    pub spread: f64,
    /// Position in [`Outcome::cases`].
    pub case: Option<u32>,
    /// Why, in sentences.
    pub reason: String,
    /// The same facts for machines.
    pub evidence: Evidence,
}

/// Parcels that one finding ties together.
#[derive(Clone, Debug)]
pub struct FlaggedCase {
    /// Stable name: the detector and a hash of the parcels.
    pub id: String,
    /// Kind of abuse.
    pub family: Family,
    /// Name of the detector.
    pub detector: &'static str,
    /// The parcels, ascending.
    pub parcels: Vec<u32>,
    /// Resolved sender.
    pub consignor: Option<u32>,
    /// Resolved addressee.
    pub consignee: Option<u32>,
    /// Declared value of all parcels, regime's currency.
    pub total: Money,
    /// The limit that matters, regime's currency.
    pub threshold: Option<Money>,
    /// Expected revenue at risk of its flags, regime's currency; they are right or wrong together.
    pub revenue: Revenue,
    /// Why these parcels belong together.
    pub reason: String,
}

/// What to do with a flagged parcel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Action {
    /// Open it: the finding is strong and much is at stake.
    Examine,
    /// Ask for the order, the invoice and the proof of payment.
    RequestInvoice,
    /// Charge what the record itself shows to be due.
    Reassess,
    /// Look at it when time allows.
    Review,
    /// Keep it aside and tell the agency that the finding names.
    Screen,
    /// Ask what the goods are: the description contradicts the code.
    VerifyGoods,
    /// Ask for the data that are missing.
    RequestInformation,
}

impl Action {
    /// The name used in files.
    pub const fn name(self) -> &'static str {
        match self {
            Action::Examine => "examine",
            Action::RequestInvoice => "request_invoice",
            Action::Reassess => "reassess",
            Action::Review => "review",
            Action::Screen => "screen",
            Action::VerifyGoods => "verify_goods",
            Action::RequestInformation => "request_information",
        }
    }
    /// What it means, in a sentence.
    pub const fn meaning(self) -> &'static str {
        match self {
            Action::Examine => {
                "Open the parcel: the finding is strong and the sum at stake is among the night's highest."
            }
            Action::RequestInvoice => "Ask for the order, the invoice and the proof of payment.",
            Action::Reassess => "Charge what the record itself shows to be due.",
            Action::Review => "Look at it when time allows.",
            Action::Screen => "Keep it aside for screening and tell the agency that the finding names.",
            Action::VerifyGoods => "Ask what the goods are: what is described is not what the code says.",
            Action::RequestInformation => "Ask for the data that are missing or say nothing.",
        }
    }
}

/// A flagged parcel.
#[derive(Clone, Debug)]
pub struct FlaggedParcel {
    /// Parcel, position in the run's parcels.
    pub parcel: u32,
    /// Probability that at least one finding of a revenue family is right, to two decimals: parcels that are as likely
    /// are ranked by the revenue at risk. 0 where no revenue family has a finding.
    pub risk_score: f64,
    /// The same probability in full.
    pub probability: f64,
    /// Expected revenue at risk, regime's currency.
    pub revenue: Revenue,
    /// Highest score in each of [`Family::LANES`], 0 where there is no finding.
    pub lanes: [f64; 3],
    /// Its flags, positions in [`Outcome::flags`]: those of revenue families first, each group strongest first.
    pub flags: Vec<u32>,
    /// What to do.
    pub action: Action,
}

/// Duty and tax at stake, as an expectation with an interval that holds nine cases in ten; never a debt.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Revenue {
    /// Expectation: probability × what would be due if the finding is right.
    pub expected: Money,
    /// One case in twenty lies below.
    pub low: Money,
    /// One case in twenty lies above.
    pub high: Money,
}

impl Revenue {
    /// Two sums that are due together.
    pub fn and(self, other: Revenue) -> Revenue {
        Revenue {
            expected: self.expected.saturating_add(other.expected),
            low: self.low.saturating_add(other.low),
            high: self.high.saturating_add(other.high),
        }
    }
}

/// All that a run found.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// Flags in the order of family, detector, parcel and line.
    pub flags: Vec<Flag>,
    /// Cases in the order of family, detector and first parcel.
    pub cases: Vec<FlaggedCase>,
    /// Flagged parcels, highest risk first.
    pub parcels: Vec<FlaggedParcel>,
    /// Revenue at risk of the night, by currency.
    pub revenue: BTreeMap<String, Revenue>,
    /// Share of the flagged parcels of each family that is expected to be false.
    pub expected_false: Vec<(Family, f64)>,
    /// Findings too doubtful for the share of false flags asked for, and the parcels they were on, by family.
    pub doubtful: BTreeMap<Family, (usize, usize)>,
    /// Tests of groups around a limit.
    pub groups: Vec<GroupTest>,
}
