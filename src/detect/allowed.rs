//! What an allow list suppresses.

use crate::facts::Facts;
use crate::model::finding::{Family, Findings};
use std::collections::{BTreeMap, BTreeSet};

/// Findings left out, by family, and the parcels they were on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Suppressed {
    /// Findings left out, by family.
    pub findings: BTreeMap<Family, usize>,
    /// Parcels that a finding was left out of.
    pub parcels: usize,
    /// What each row of the allow list left out, by its line.
    pub rows: BTreeMap<u64, LeftOut>,
}

/// What one row of the allow list left out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LeftOut {
    /// Findings, by family.
    pub findings: BTreeMap<Family, usize>,
    /// The parcels they were on, positions in the run's parcels.
    pub parcels: BTreeSet<u32>,
}

/// Takes the findings out that the allow list names; cases keep their other parcels, and a case without any goes.
///
/// `found` holds each detector's findings, in the order of [`ALL`](super::ALL).
pub fn suppress(facts: &Facts, found: &mut [Findings]) -> Suppressed {
    let mut suppressed = Suppressed::default();
    let list = &facts.lists.allow;
    if list.is_empty() {
        return suppressed;
    }
    let shipments = facts.shipments;
    let senders = list.met(facts.consignors, &shipments.consignors, true);
    let addressees = list.met(facts.consignees, &shipments.consignees, false);
    let numbers = list.has_numbers();
    let row = |parcel: u32| -> Vec<u32> {
        let mut rows = Vec::new();
        rows.extend(senders[facts.consignor(parcel) as usize].map(|hit| hit.0));
        rows.extend(addressees[facts.consignee(parcel) as usize].map(|hit| hit.0));
        if numbers {
            let scheme = shipments.words.get(shipments.parcels.ioss[parcel as usize]);
            rows.extend(list.numbered(shipments.parcels.id.get(parcel), scheme));
        }
        rows
    };
    let mut parcels: BTreeSet<u32> = BTreeSet::new();
    for (detector, findings) in super::ALL.iter().zip(found) {
        let family = detector.family;
        let mut gone: BTreeSet<(u32, u32)> = BTreeSet::new();
        findings.findings.retain(|finding| {
            let rows = row(finding.parcel);
            let by = rows.into_iter().map(|r| &list.entries[r as usize]);
            let Some(entry) = by.into_iter().find(|e| e.families.is_empty() || e.families.contains(&family))
            else {
                return true;
            };
            *suppressed.findings.entry(family).or_default() += 1;
            let row = suppressed.rows.entry(entry.line).or_default();
            *row.findings.entry(family).or_default() += 1;
            row.parcels.insert(finding.parcel);
            parcels.insert(finding.parcel);
            gone.extend(finding.case.map(|case| (case, finding.parcel)));
            false
        });
        if !gone.is_empty() {
            drop_cases(findings, &gone);
        }
    }
    suppressed.parcels = parcels.len();
    suppressed
}

/// Takes parcels out of their cases, and cases out that have none left.
fn drop_cases(findings: &mut Findings, gone: &BTreeSet<(u32, u32)>) {
    let mut number = vec![None; findings.cases.len()];
    let mut kept = Vec::with_capacity(findings.cases.len());
    for (i, mut case) in std::mem::take(&mut findings.cases).into_iter().enumerate() {
        case.parcels.retain(|&parcel| !gone.contains(&(i as u32, parcel)));
        if !case.parcels.is_empty() {
            number[i] = Some(kept.len() as u32);
            kept.push(case);
        }
    }
    findings.cases = kept;
    for finding in &mut findings.findings {
        finding.case = finding.case.and_then(|case| number[case as usize]);
    }
}
