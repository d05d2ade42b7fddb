//! What a detector says: findings on parcels or lines, and the cases that tie parcels together.

use super::money::Money;
use serde_json::Value;
use std::sync::Arc;

/// The kind of abuse that a detector looks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Family {
    /// One order cut into several parcels.
    Splitting,
    /// A fraction of the price declared.
    UnderInvoicing,
    /// Relief or a cheaper treatment claimed without right.
    DeMinimisAbuse,
    /// Goods declared as other goods.
    Misdeclaration,
    /// Data too poor to judge the parcel by.
    DataQuality,
    /// Goods or parties that endanger safety or that another agency must know of.
    Security,
}

impl Family {
    /// Every family with a detector, in order.
    pub const ALL: [Family; 6] = [
        Family::Splitting,
        Family::UnderInvoicing,
        Family::DeMinimisAbuse,
        Family::Misdeclaration,
        Family::DataQuality,
        Family::Security,
    ];
    /// Families whose findings are weighed by the money at stake and ranked together.
    pub const REVENUE: [Family; 3] = [Family::Splitting, Family::UnderInvoicing, Family::DeMinimisAbuse];
    /// Families that are lanes of their own, each with its own score, in the order in which they stand in a ranking
    /// behind revenue.
    pub const LANES: [Family; 3] = [Family::Security, Family::Misdeclaration, Family::DataQuality];

    /// Whether findings of the family are ranked by the money at stake.
    pub const fn is_revenue(self) -> bool {
        matches!(self, Family::Splitting | Family::UnderInvoicing | Family::DeMinimisAbuse)
    }

    /// The name used in files.
    pub const fn name(self) -> &'static str {
        match self {
            Family::Splitting => "splitting",
            Family::UnderInvoicing => "under_invoicing",
            Family::DeMinimisAbuse => "de_minimis_abuse",
            Family::Misdeclaration => "misdeclaration",
            Family::DataQuality => "data_quality",
            Family::Security => "security",
        }
    }
    /// The name that a person reads.
    pub const fn title(self) -> &'static str {
        match self {
            Family::Splitting => "Splitting",
            Family::UnderInvoicing => "Under-invoicing",
            Family::DeMinimisAbuse => "De minimis abuse",
            Family::Misdeclaration => "Mis-declaration",
            Family::DataQuality => "Data quality",
            Family::Security => "Security",
        }
    }
}

/// The facts behind a finding, for machines: a JSON object as text, held once for all findings that share it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence(Arc<str>);

impl Evidence {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
    /// The object.
    pub fn object(&self) -> Value {
        serde_json::from_str(&self.0).unwrap_or_default()
    }
}

impl From<Value> for Evidence {
    fn from(object: Value) -> Self {
        Evidence(object.to_string().into())
    }
}

/// A detector's finding on one parcel or one line of it.
#[derive(Clone, Debug)]
pub struct Finding {
    /// Parcel, position in the run's parcels.
    pub parcel: u32,
    /// Number of the line within the parcel, where the finding concerns one line.
    pub line_number: Option<u32>,
    /// Probability, as the detector judges it, that the parcel is what the finding says: 0 to 1.
    pub score: f64,
    /// p-value, where a test was made.
    pub p_value: Option<f64>,
    /// Duty and tax at stake, in the regime's currency, before weighing by the score.
    pub revenue: Money,
    /// Case that it belongs to, position in [`Findings::cases`]; none where the parcel stands alone.
    pub case: Option<u32>,
    /// Why, in plain sentences with the numbers in them.
    pub reason: String,
    /// The same facts for machines.
    pub evidence: Evidence,
}

/// Parcels that one finding ties together.
#[derive(Clone, Debug)]
pub struct Case {
    /// The parcels, positions in the run's parcels, ascending.
    pub parcels: Vec<u32>,
    /// The resolved sender, where the case has one.
    pub consignor: Option<u32>,
    /// The resolved addressee, where the case has one.
    pub consignee: Option<u32>,
    /// Declared value of all its parcels, regime's currency.
    pub total: Money,
    /// The limit that matters, regime's currency.
    pub threshold: Option<Money>,
    /// Why these parcels belong together.
    pub reason: String,
}

/// All that one detector found.
#[derive(Clone, Debug, Default)]
pub struct Findings {
    /// Findings, in the order of their parcels.
    pub findings: Vec<Finding>,
    /// Cases that the findings refer to.
    pub cases: Vec<Case>,
    /// How many tests gave a p-value, those that led to no finding counted.
    pub tests: usize,
    /// The p-values of those tests, one a test (not one a parcel), in no particular order.
    pub p_values: Vec<f64>,
    /// Whether a test speaks of a whole case of which only some parcels are meant: a parcel's q-value then counts its
    /// own doubt as well.
    pub of_groups: bool,
    /// Tests of groups of parcels, whether or not a finding came of them.
    pub groups: Vec<GroupTest>,
}

/// Counts of a group's prices just under a limit against what the rest of its prices lets expect.
#[derive(Clone, Debug)]
pub struct GroupTest {
    /// By what its parcels are put together: consignor, seller, manifest, origin or chapter.
    pub level: &'static str,
    /// Which one: a name, a country or an HS chapter.
    pub name: String,
    /// The resolved sender, where the group is one.
    pub consignor: Option<u32>,
    /// The limit.
    pub limit: Money,
    /// Its currency, and that of the limit.
    pub currency: String,
    /// Whether it is the limit for gifts.
    pub gift: bool,
    /// Parcels that were looked at.
    pub parcels: usize,
    /// Different prices around the limit.
    pub prices: f64,
    /// Of them just under it.
    pub observed: f64,
    /// So many were to be expected.
    pub expected: f64,
    /// The middle 95 % of the excess over a bootstrap, where the crowd is significant.
    pub excess: Option<(f64, f64)>,
    /// Prices just above the limit, and how many were to be expected.
    pub above: (f64, f64),
    /// Probability of so many just under it.
    pub p_value: f64,
    /// Benjamini and Hochberg's q-value among the groups of its level.
    pub q_value: f64,
    /// Statistic of the density's jump at the limit and probability of one as low, where there are prices enough.
    pub jump: Option<(f64, f64)>,
    /// What the counts say.
    pub verdict: Verdict,
}

/// What the counts around a limit say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing out of the ordinary.
    AsExpected,
    /// A crowd just under the limit and findings on its parcels.
    Accused,
    /// A crowd just under the limit; no parcel is accused by it.
    CrowdedBelow,
    /// A crowd that ends below the limit: another limit than the law's.
    EndsBelow,
    /// A crowd just above the limit, which is no evasion.
    CrowdedAbove,
}

impl Verdict {
    /// Whether there is a crowd by which nobody is accused.
    pub const fn spares(self) -> bool {
        matches!(self, Verdict::CrowdedBelow | Verdict::EndsBelow | Verdict::CrowdedAbove)
    }

    /// The name used in files.
    pub const fn name(self) -> &'static str {
        match self {
            Verdict::AsExpected => "as_expected",
            Verdict::Accused => "accused",
            Verdict::CrowdedBelow => "crowded_below",
            Verdict::EndsBelow => "ends_below",
            Verdict::CrowdedAbove => "crowded_above",
        }
    }
}
