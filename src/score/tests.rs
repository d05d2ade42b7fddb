use super::*;
use crate::facts::testing::World;
use crate::model::finding::{Case, Finding};
use crate::model::money::Money;

const CSV: &str =
    "parcel_id,date,consignor_name,consignor_country,consignee_name,consignee_country,nature,description,\
gross_weight_kg,value,currency
A,2026-03-10,S,CN,Ada,DE,sale,shirt,0.5,20.00,EUR
B,2026-03-10,S,CN,Bea,DE,sale,shirt,0.5,20.00,EUR
C,2026-03-10,S,CN,Cid,DE,sale,shirt,0.5,20.00,EUR
D,2026-03-10,S,CN,Dan,DE,sale,shirt,0.5,20.00,EUR";

fn finding(parcel: u32, score: f64, p_value: Option<f64>, stake: Money, case: Option<u32>) -> Finding {
    let evidence = serde_json::json!({}).into();
    Finding {
        parcel,
        line_number: None,
        score,
        p_value,
        revenue: stake,
        case,
        reason: "Why.".into(),
        evidence,
    }
}

fn case(parcels: &[u32]) -> Case {
    Case {
        parcels: parcels.to_vec(),
        consignor: None,
        consignee: None,
        total: 0,
        threshold: None,
        reason: "These.".into(),
    }
}

/// Splitting of A and B, under-invoicing of C and, weakly, A, and a crowd of C and D.
fn found() -> Vec<Found> {
    let found = |detector, family, findings| Found { detector, family, findings };
    let split = Findings {
        findings: vec![
            finding(0, 0.9, Some(0.001), 400_000, Some(0)),
            finding(1, 0.9, Some(0.001), 200_000, Some(0)),
        ],
        cases: vec![case(&[0, 1])],
        tests: 10,
        ..Findings::default()
    };
    let low = Findings {
        findings: vec![finding(2, 0.6, None, 100_000, None), finding(0, 0.2, None, 50_000, None)],
        ..Findings::default()
    };
    let crowd = Findings {
        findings: vec![finding(2, 0.8, Some(1e-6), 0, Some(0)), finding(3, 0.5, Some(1e-6), 0, Some(0))],
        cases: vec![case(&[2, 3])],
        tests: 1,
        of_groups: true,
        ..Findings::default()
    };
    vec![
        found("one", Family::Splitting, split),
        found("two", Family::UnderInvoicing, low),
        found("three", Family::DeMinimisAbuse, crowd),
    ]
}

fn outcome(false_flags: Option<f64>) -> Outcome {
    let world = World::from_csv("DE", "2026-03-10", CSV);
    let calibration = Calibration::default();
    run(&world.facts(), found(), &Scoring { calibration: &calibration, false_flags })
}

fn near(a: f64, b: f64) {
    assert!((a - b).abs() < 1e-9, "{a} is not {b}");
}

#[test]
fn probabilities_join_and_rank() {
    let outcome = outcome(None);
    let ranked: Vec<(u32, f64)> = outcome.parcels.iter().map(|p| (p.parcel, p.risk_score)).collect();
    // A: 1 - 0.1 × 0.8; C: 1 - 0.4 × 0.2; equals are ranked by revenue.
    assert_eq!(ranked, [(0, 0.92), (2, 0.92), (1, 0.9), (3, 0.5)]);
    near(outcome.parcels[0].probability, 0.92);
}

#[test]
fn a_case_is_one_test_and_a_crowd_is_doubted_parcel_by_parcel() {
    let outcome = outcome(None);
    let q: Vec<(u32, &str, Option<f64>)> =
        outcome.flags.iter().map(|f| (f.parcel, f.detector, f.q_value)).collect();
    assert_eq!(q[0], (0, "one", Some(0.01)));
    assert_eq!(q[1], (1, "one", Some(0.01)));
    let of = |parcel, detector| q.iter().find(|f| f.0 == parcel && f.1 == detector).unwrap().2.unwrap();
    near(of(2, "three"), 1.0 - (1.0 - 1e-6) * 0.8);
    near(of(3, "three"), 1.0 - (1.0 - 1e-6) * 0.65);
    assert_eq!(outcome.flags.iter().find(|f| f.detector == "two").unwrap().q_value, None);
}

#[test]
fn revenue_is_an_expectation_between_two_ends() {
    let outcome = outcome(None);
    let a = outcome.flags.iter().find(|f| f.parcel == 0 && f.detector == "one").unwrap();
    assert_eq!(a.revenue, Revenue { expected: 360_000, low: 0, high: 400_000 });
    assert_eq!(
        a.reason,
        "Why. Duty and tax at risk of this parcel: expected 36.00 EUR, between 0.00 EUR and 40.00 EUR in nine cases of ten."
    );
    assert_eq!(outcome.cases[0].revenue, Revenue { expected: 540_000, low: 0, high: 600_000 });
    let night = outcome.revenue["EUR"];
    assert_eq!(night.expected, 540_000 + 60_000 + 10_000);
    assert!(night.low < night.expected && night.expected < night.high && night.low > 0, "{night:?}");
    let nothing = outcome.flags.iter().find(|f| f.detector == "three").unwrap();
    assert_eq!(nothing.reason, "Why.", "where nothing is at risk nothing is said");
}

#[test]
fn no_more_false_flags_than_asked_for() {
    let all = outcome(Some(1.0));
    assert_eq!(all.flags.len(), outcome(None).flags.len());
    let some = outcome(Some(0.3));
    let kept: Vec<(u32, &str)> = some.flags.iter().map(|f| (f.parcel, f.detector)).collect();
    assert_eq!(
        kept,
        [(0, "one"), (1, "one"), (2, "three")],
        "C is too doubtful to have been cut, D in the crowd"
    );
    assert_eq!(some.cases.iter().map(|c| c.parcels.clone()).collect::<Vec<_>>(), [vec![0, 1], vec![2]]);
    assert_eq!(some.flags[2].case, Some(1));
    for (_, share) in &some.expected_false {
        assert!(*share <= 0.3, "{:?}", some.expected_false);
    }
    let none = outcome(Some(0.0));
    assert!(none.flags.is_empty() && none.cases.is_empty() && none.parcels.is_empty());
    assert!(none.revenue.is_empty());
}
