//! Many tests at once.

/// Largest p-value that may be called a discovery where at most `rate` of the discoveries are to be false (Benjamini and
/// Hochberg 1995); below 0 where none may.
pub fn benjamini_hochberg(p_values: &[f64], rate: f64) -> f64 {
    let mut sorted = p_values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let count = sorted.len() as f64;
    let passing = sorted.iter().enumerate().rev().find(|(i, p)| **p <= rate * (*i as f64 + 1.0) / count);
    passing.map_or(-1.0, |(_, p)| *p)
}

#[cfg(test)]
mod tests {
    use super::benjamini_hochberg;

    #[test]
    fn the_example_of_the_paper() {
        // Benjamini and Hochberg (1995), section 4: fifteen tests, four rejected at 0.05.
        let p = [
            0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262, 0.5719,
            0.6528, 0.7590, 1.0,
        ];
        assert_eq!(benjamini_hochberg(&p, 0.05), 0.0095);
        assert!(benjamini_hochberg(&p[9..], 0.05) < 0.0);
        assert!(benjamini_hochberg(&[], 0.05) < 0.0);
    }
}
