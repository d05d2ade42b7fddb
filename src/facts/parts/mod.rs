//! Which parcels may be parts of one order that was cut up: pools of parcels under one key, pairs within them, groups
//! of pairs, and how likely it is that a group is one order rather than several innocent ones.
//!
//! The evidence is added up on the log-odds scale, in the manner of a naive Bayes classifier whose dependent features
//! are bounded together ([`pair`]):
//!
//! ```text
//! log odds = ln(prior / (1 - prior))          how often an innocent addressee's parcels pass the limit together
//!          + mean over the group's links      like goods, like values, one sender, neighbouring numbers, one order …
//!          + fullness of the parts            parts near the limit; nobody cuts an order into many small parts
//!          + arrivals                         the negative binomial tail of this many parcels for this addressee
//!          - firm                             a firm receives goods daily
//!          - crowd                            an address of many people links strangers
//! score    = 1 / (1 + exp(-log odds))
//! ```
//!
//! **p-value.** Groups whose total is *within* the limit were not split for its sake, so they show how strong the same
//! links are between innocent parcels. The p-value of a group is the share of such control groups with links as strong:
//! `(1 + controls at least as strong) / (1 + controls)`. It is given where there are at least 200 controls.

mod group;
mod ordinary;
mod pair;
mod part;
mod pool;
mod report;
mod search;
mod tie;

pub use group::{Arrivals, Group, Model, Regular};
pub use pair::Feature;
pub use part::{Part, Row, Sources, legal_key, limit_of};
pub use pool::{Link, consignees, contacts};
pub use report::{Story, counted, party_name, report, when};
pub use search::{Pool, Search, search};
